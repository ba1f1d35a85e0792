#include "models/vision/resnet.h"

#include <utility>

#include <fmt/format.h>

#include "recipes/recipe.h"
#include "recipes/shared/classifier.h"
#include "recipes/shared/imagenet_labels.h"
#include "recipes/shared/photo_classes.h"
#include "recipes/shared/photos.h"
#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/optim/sgd.h"
#include "strata/train/supervised.h"
#include "strata/vision/augment.h"

namespace strata::recipes {
namespace {

struct ResNetSettings {
  int64_t classes = 1000;
  double lr = 0.1;
  int64_t batch = 32;
  double decay = 1e-4;
  double least_area = 0.08;
  double jitter = 0;
  double erase = 0;
  bool balanced = false;
  std::string labels = {};

  void fields(FieldVisitor& v) {
    v("classes", classes, "outputs of the network");
    v("lr", lr, "highest learning rate of the one-cycle schedule");
    v("batch", batch, "images a step");
    v("decay", decay, "weight decay");
    v("least_area", least_area, "least share of a training photo in a crop; 0: no crops");
    v("jitter", jitter, "most that the colours of training photos change, 0 to 1");
    v("erase", erase, "share of the training images that lose a rectangle");
    v("balanced", balanced, "draw each class as often as any other");
    v("labels", labels, "names of the classes, as cat/dog; taken from the data");
  }
};

std::unique_ptr<train::Training> train_resnet(nn::Module& model, const Settings& settings,
                                              const Source& source) {
  const auto& s = settings.as<ResNetSettings>();
  const double flip = source.data.empty() ? 0 : 0.5;  // a mirrored digit is another sign
  train::SupervisedConfig config = classifier_config(source, s.batch, s.lr);
  config.transform = [moves = random_moves(0, flip), erase = s.erase](Batch b, Generator& random) {
    b = moves(std::move(b), random);
    if (erase != 0) b.x = random_erasing(b.x, {.p = erase}, random);
    return b;
  };
  if (s.balanced && source.holdout > 0) {
    throw ValueError("resnet", "balanced=true with a share held out",
                     "leave out --patience and --holdout, or balanced");
  }
  config.labels = class_names(s.labels);
  expect_outputs(config.labels, s.classes, fmt::format("classes={}", config.labels.size()));
  const PhotoSets sets =
      photo_sets(source, {}, config.labels, {.least_area = s.least_area, .jitter = s.jitter});
  if (s.balanced) config.sampler = balanced_classes(*sets.train);
  return std::make_unique<train::Supervised>(
      model,
      std::make_unique<SGD>(model.parameters(),
                            SGDConfig{.lr = s.lr, .momentum = 0.9, .weight_decay = s.decay}),
      sets.train, sets.test, std::move(config));
}

/// `top1`: the share of ImageNet's validation set that torchvision's first weights get right.
Recipe resnet_of(int depth, double top1) {
  return {.name = fmt::format("resnet{}", depth),
          .title = fmt::format("ResNet-{}", depth),
          .family = "vision",
          .year = 2015,
          .paper = "He et al., Deep residual learning for image recognition",
          .summary = fmt::format(
              "{} layers that learn what to add to their input; won ImageNet 2015.", depth),
          .metric = "accuracy",
          .expected = fmt::format("{} % of ImageNet with torchvision's first weights", top1),
          .data =
              "photographs in one folder a class, train/CLASS/*.jpg and val/CLASS/*.jpg; without "
              "--data, generated coloured digits",
          .settings = [] { return Settings::of(ResNetSettings()); },
          .before = {{"least_area", "0"}, {"labels", kUnnamed}},
          .inputs = one_input("x", {1, 224, 224, 3}),
          .model =
              [depth](const Settings& settings) {
                models::ResNetConfig config = models::resnet_config(depth);
                config.classes = settings.as<ResNetSettings>().classes;
                return std::make_unique<models::ResNet>(config);
              },
          .prepare =
              [](Settings& settings, const Source& source) {
                auto& labels = settings.as<ResNetSettings>().labels;
                labels = labels_of(source, labels);
              },
          .training = train_resnet,
          .predict =
              [](System& system, const std::string& path) {
                const auto& s = system.settings.as<ResNetSettings>();
                auto names = class_names(s.labels);
                if (names.empty() && s.classes == 1000) names = imagenet_labels();
                return predict_photo(*system.model, path, {}, names);
              }};
}

}  // namespace

std::vector<Recipe> resnet() {
  return {resnet_of(18, 69.758), resnet_of(34, 73.314), resnet_of(50, 76.13),
          resnet_of(101, 77.374), resnet_of(152, 78.312)};
}

}  // namespace strata::recipes
