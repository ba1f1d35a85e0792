#include "models/vision/resnet_cifar.h"

#include <utility>

#include <fmt/format.h>

#include "recipes/recipe.h"
#include "recipes/shared/classifier.h"
#include "recipes/shared/photo_classes.h"
#include "recipes/shared/photos.h"
#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/optim/sgd.h"
#include "strata/train/supervised.h"

namespace strata::recipes {
namespace {

constexpr int64_t kClasses = 10;

struct ResNetCifarSettings {
  double lr = 0.2;
  int64_t batch = 128;
  double decay = 5e-4;
  int64_t shift = 4;
  double flip = 0.5;
  std::string labels = {};

  void fields(FieldVisitor& v) {
    v("lr", lr, "highest learning rate of the one-cycle schedule");
    v("batch", batch, "images a step");
    v("decay", decay, "weight decay");
    v("shift", shift, "most pixels that training images are moved by");
    v("flip", flip, "share of the training images that are mirrored");
    v("labels", labels, "names of the classes, as cat/dog; taken from the data");
  }
};

std::unique_ptr<train::Training> train_resnet_cifar(nn::Module& model, const Settings& settings,
                                                    const Source& source) {
  const auto& s = settings.as<ResNetCifarSettings>();
  if (!(s.flip >= 0 && s.flip <= 1)) {
    throw ValueError("flip", fmt::format("{} is no share: 0 to 1", s.flip));
  }
  const double flip = source.data.empty() ? 0 : s.flip;  // a mirrored digit is another sign
  train::SupervisedConfig config = classifier_config(source, s.batch, s.lr);
  config.transform = random_moves(s.shift, flip);
  config.labels = class_names(s.labels);
  expect_outputs(config.labels, kClasses, "resnet18 takes any number: classes=N");
  const PhotoSets sets = photo_sets(source, cifar_photos(), config.labels);
  return std::make_unique<train::Supervised>(
      model,
      std::make_unique<SGD>(
          model.parameters(),
          SGDConfig{.lr = s.lr, .momentum = 0.9, .weight_decay = s.decay, .nesterov = true}),
      sets.train, sets.test, std::move(config));
}

/// CIFAR-10's names, for weights that come without.
constexpr const char* kCifarLabels = "airplane/automobile/bird/cat/deer/dog/frog/horse/ship/truck";

}  // namespace

std::vector<Recipe> resnet_cifar() {
  return {Recipe{
      .name = "resnet-cifar",
      .title = "A small ResNet for CIFAR-10",
      .family = "vision",
      .year = 2016,
      .paper = "He et al., Deep residual learning for image recognition",
      .summary = "Eight 3x3 convolutions in two residual pairs, for images of 32 x 32.",
      .metric = "accuracy",
      .expected = "82 % of CIFAR-10 after 6 epochs",
      .data = "CIFAR-10 as pictures: train/CLASS/*.jpg and test/CLASS/*.jpg, or train.tar.gz "
              "and test.tar.gz that hold them; without --data, generated coloured digits",
      .epochs = 6,
      .settings = [] { return Settings::of(ResNetCifarSettings()); },
      .before = {{"labels", kUnnamed}},
      .inputs = one_input("x", {1, 32, 32, 3}),
      .model = [](const Settings&) { return std::make_unique<models::ResNetCifar>(); },
      .prepare =
          [](Settings& settings, const Source& source) {
            auto& labels = settings.as<ResNetCifarSettings>().labels;
            labels = labels_of(source, labels);
          },
      .training = train_resnet_cifar,
      .predict =
          [](System& system, const std::string& path) {
            auto names = class_names(system.settings.as<ResNetCifarSettings>().labels);
            if (names.empty()) names = class_names(kCifarLabels);
            return predict_photo(*system.model, path, cifar_photos(), names);
          }}};
}

}  // namespace strata::recipes
