#include <utility>

#include "models/vision/vit.h"
#include "recipes/recipe.h"
#include "recipes/shared/classifier.h"
#include "recipes/shared/digits.h"
#include "recipes/shared/system.h"
#include "strata/optim/adamw.h"
#include "strata/train/supervised.h"

namespace strata::recipes {
namespace {

struct VitMnistSettings {
  double lr = 2e-3;
  double decay = 0.05;
  int64_t batch = 128;
  int64_t shift = 2;
  int64_t patch = 7;
  int64_t layers = 6;
  int64_t width = 64;
  int64_t heads = 4;
  int64_t inner = 256;

  void fields(FieldVisitor& v) {
    v("lr", lr, "highest learning rate of the one-cycle schedule");
    v("decay", decay, "weight decay");
    v("batch", batch, "images a step");
    v("shift", shift, "most pixels that training images are moved by");
    v("patch", patch, "side of a patch");
    v("layers", layers, "blocks");
    v("width", width, "of the hidden states");
    v("heads", heads, "of attention in a block");
    v("inner", inner, "width inside the MLPs");
  }
};

std::unique_ptr<nn::Module> make(const Settings& settings) {
  const auto& s = settings.as<VitMnistSettings>();
  return std::make_unique<models::ViT>(models::ViTConfig{.image_size = 28,
                                                         .patch_size = s.patch,
                                                         .num_channels = 1,
                                                         .hidden_size = s.width,
                                                         .num_hidden_layers = s.layers,
                                                         .num_attention_heads = s.heads,
                                                         .intermediate_size = s.inner,
                                                         .num_labels = 10});
}

std::unique_ptr<train::Training> train(nn::Module& model, const Settings& settings,
                                       const Source& source) {
  const auto& s = settings.as<VitMnistSettings>();
  train::SupervisedConfig config = classifier_config(source, s.batch, s.lr);
  config.transform = random_moves(s.shift);
  return std::make_unique<train::Supervised>(
      model,
      std::make_unique<AdamW>(model.parameters(), AdamWConfig{.lr = s.lr, .weight_decay = s.decay}),
      digits(source, Split::train), digits(source, Split::test), std::move(config));
}

}  // namespace

std::vector<Recipe> vit_mnist() {
  return {Recipe{.name = "vit-mnist",
                 .title = "Small ViT for digits",
                 .family = "vision",
                 .year = 2020,
                 .paper = "Dosovitskiy et al., An image is worth 16x16 words",
                 .summary = "Six blocks of attention over the patches of a digit.",
                 .metric = "accuracy",
                 .expected = "98.5 % of MNIST after 4 epochs",
                 .data = "MNIST's four IDX files; without --data, generated digits",
                 .epochs = 4,
                 .settings = [] { return Settings::of(VitMnistSettings()); },
                 .inputs = one_input("x", {1, 28, 28, 1}),
                 .model = make,
                 .training = train,
                 .predict =
                     [](System& system, const std::string& path) {
                       return predict_digit(*system.model, path, Outputs::logits);
                     }}};
}

}  // namespace strata::recipes
