#include <utility>

#include "models/vision/lenet.h"
#include "recipes/recipe.h"
#include "recipes/shared/classifier.h"
#include "recipes/shared/digits.h"
#include "recipes/shared/system.h"
#include "strata/optim/adam.h"
#include "strata/train/supervised.h"

namespace strata::recipes {
namespace {

struct LeNetSettings {
  double lr = 1e-2;
  int64_t batch = 128;
  int64_t shift = 2;

  void fields(FieldVisitor& v) {
    v("lr", lr, "highest learning rate of the one-cycle schedule");
    v("batch", batch, "images a step");
    v("shift", shift, "most pixels that training images are moved by");
  }
};

std::unique_ptr<train::Training> train_lenet5(nn::Module& model, const Settings& settings,
                                              const Source& source) {
  const auto& s = settings.as<LeNetSettings>();
  train::SupervisedConfig config = classifier_config(source, s.batch, s.lr);
  config.transform = random_moves(s.shift);
  return std::make_unique<train::Supervised>(
      model, std::make_unique<Adam>(model.parameters(), AdamConfig{.lr = s.lr}),
      digits(source, Split::train), digits(source, Split::test), std::move(config));
}

}  // namespace

std::vector<Recipe> lenet5() {
  return {Recipe{.name = "lenet5",
                 .title = "LeNet-5",
                 .family = "vision",
                 .year = 1998,
                 .paper = "LeCun et al., Gradient-based learning applied to document recognition",
                 .summary =
                     "The convolutional network that read cheques: two convolutions, two poolings, "
                     "three full layers.",
                 .metric = "accuracy",
                 .expected = "99.2 % of MNIST after 6 epochs",
                 .data = "MNIST's four IDX files; without --data, generated digits",
                 .epochs = 6,
                 .settings = [] { return Settings::of(LeNetSettings()); },
                 .inputs = one_input("x", {1, 28, 28, 1}),
                 .model = [](const Settings&) { return std::make_unique<models::LeNet5>(); },
                 .training = train_lenet5,
                 .predict =
                     [](System& system, const std::string& path) {
                       return predict_digit(*system.model, path, Outputs::logits);
                     }}};
}

}  // namespace strata::recipes
