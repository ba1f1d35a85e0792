#include "models/vision/mlp.h"
#include "recipes/recipe.h"
#include "recipes/shared/digits.h"
#include "recipes/shared/system.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/indexing.h"
#include "strata/ops/losses.h"
#include "strata/optim/sgd.h"
#include "strata/train/supervised.h"

namespace strata::recipes {
namespace {

struct MlpSettings {
  double lr = 3;
  int64_t batch = 30;

  void fields(FieldVisitor& v) {
    v("lr", lr, "learning rate, the same throughout");
    v("batch", batch, "images a step");
  }
};

/// The textbook's cost: squared error summed over the outputs, averaged over the batch.
Tensor quadratic_cost(const Tensor& scores, const Tensor& labels) {
  const Tensor target = cast(one_hot(labels, scores.size(-1)), scores.dtype());
  return mse_loss(scores, target, Reduction::sum) * (1.0 / static_cast<double>(scores.size(0)));
}

std::unique_ptr<train::Training> train_mlp(nn::Module& model, const Settings& settings,
                                           const Source& source) {
  const auto& s = settings.as<MlpSettings>();
  return std::make_unique<train::Supervised>(
      model, std::make_unique<SGD>(model.parameters(), SGDConfig{.lr = s.lr}),
      digits(source, Split::train), digits(source, Split::test),
      train::SupervisedConfig{
          .batch = s.batch,
          .seed = source.seed,
          .holdout = source.holdout,
          .loss = quadratic_cost,
          .schedule = [lr = s.lr](int64_t) { return schedules::constant(lr); }});
}

}  // namespace

std::vector<Recipe> mlp_13002() {
  return {Recipe{.name = "mlp-13002",
                 .title = "The textbook's digit network",
                 .family = "foundations",
                 .year = 2015,
                 .paper = "Nielsen, Neural networks and deep learning; 3Blue1Brown, 2017",
                 .summary =
                     "784-16-16-10 sigmoid units, the network of the best-known explanations of "
                     "backpropagation.",
                 .metric = "accuracy",
                 .expected = "94 % of MNIST after 10 epochs",
                 .data = "MNIST's four IDX files; without --data, generated digits",
                 .epochs = 10,
                 .settings = [] { return Settings::of(MlpSettings()); },
                 .inputs = one_input("x", {1, 28, 28, 1}),
                 .model = [](const Settings&) { return std::make_unique<models::Mlp13002>(); },
                 .training = train_mlp,
                 .predict =
                     [](System& system, const std::string& path) {
                       return predict_digit(*system.model, path, Outputs::scores);
                     }}};
}

}  // namespace strata::recipes
