#include "models/vision/vit.h"

#include <algorithm>

#include <fmt/format.h>

#include "recipes/recipe.h"
#include "recipes/shared/hub_config.h"
#include "recipes/shared/hub_photo.h"
#include "recipes/shared/imagenet_labels.h"
#include "recipes/shared/photos.h"
#include "recipes/shared/system.h"
#include "recipes/shared/vit_names.h"
#include "strata/base/error.h"
#include "strata/io/image_file.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/softmax.h"
#include "strata/ops/views.h"
#include "strata/vision/image.h"

namespace strata::recipes {
namespace {

using models::ViT;
using models::ViTConfig;

constexpr int64_t kMostLabels = 100'000;

/// What a config.json says in other words: sizes as [height, width], classes by their names, the
/// hub's own defaults; and features that are not built here.
void adopt(Settings& settings, const HubConfig& hub) {
  const bool square = hub.contains("patch_size") || !hub.contains("patch_size.0");
  if (!square && value_of(hub, "patch_size.0", "") != value_of(hub, "patch_size.1", "")) {
    throw ValueError("ViT", "patches must be square");
  }
  HubConfig other = {{"naming", "huggingface"},
                     {"architecture", value_of(hub, "architectures.0", "ViTModel")},
                     {"layer_norm_eps", value_of(hub, "layer_norm_eps", "1e-12")}};
  if (!square) other["patch_size"] = hub.at("patch_size.0");
  if (hub.contains("image_size.0")) {
    other["image_size"] = hub.at("image_size.0");
    other["image_width"] = value_of(hub, "image_size.1", "0");
  }
  const auto labels = std::count_if(hub.begin(), hub.end(), [](const auto& entry) {
    return entry.first.starts_with("id2label.");
  });
  other["num_labels"] = labels > 0 ? std::to_string(labels) : value_of(hub, "num_labels", "2");
  settings.take(other);
  const bool classifies = settings.as<ViTConfig>().architecture == "ViTForImageClassification";
  const std::string width = std::to_string(settings.as<ViTConfig>().hidden_size);
  if (!classifies && (value_of(hub, "pooler_act", "tanh") != "tanh" ||
                      value_of(hub, "pooler_output_size", width) != width)) {
    throw ValueError("ViT", "a pooler must be of hidden_size and use tanh");
  }
}

std::string config_text(const Settings& settings, const HubConfig& hub) {
  const auto& c = settings.as<ViTConfig>();
  if (c.naming != "huggingface") {
    throw ValueError("ViT", "has torchvision's names, not those of the hub",
                     "write one file: NAME.safetensors");
  }
  std::vector<std::pair<std::string, std::string>> more = {
      {"image_width", ""}, {"architecture", ""}, {"naming", ""}, {"num_labels", ""}};
  if (c.image_width) {
    more.emplace_back("image_size", fmt::format("[{}, {}]", c.image_size, c.image_width));
  }
  for (auto& labels : hub_labels(c.num_labels, hub)) more.push_back(std::move(labels));
  more.push_back(hub_problem_type(hub));
  return hub_config_text("vit", c.architecture, settings, more);
}

TensorMap run(System& system, const TensorMap& in) {
  expect_arrays(system, in, {"pixel_values", "x"});
  const auto images = in.find("pixel_values");
  const auto x = images == in.end() ? in.find("x") : images;
  if (x == in.end()) throw ValueError(system.name, "takes pixel_values");
  const models::ViTOutputs out = static_cast<ViT&>(*system.model).outputs(x->second);
  if (out.logits.defined()) return {{"logits", out.logits}};
  return {{"last_hidden_state", out.hidden}, {"pooler_output", out.pooled}};
}

std::vector<std::string> labels_of(const System& system, int64_t count) {
  std::vector<std::string> labels;
  for (int64_t i = 0; i < std::min(count, kMostLabels); ++i) {
    const std::string named = value_of(system.hub, fmt::format("id2label.{}", i), "");
    labels.push_back(named.empty() ? std::to_string(i) : named);
  }
  return labels;
}

Prediction predict(System& system, const std::string& path) {
  const auto& c = system.settings.as<ViTConfig>();
  if (c.architecture != "ViTForImageClassification") {
    throw ValueError(system.name, "has no classes: its architecture is " + c.architecture);
  }
  if (system.hub.empty()) {
    return predict_photo(*system.model, path, {.resize = 256, .crop = c.image_size},
                         c.num_labels == 1000 ? imagenet_labels() : std::vector<std::string>());
  }
  const Tensor picture = read_image(path, {.upright = true});
  const int64_t width = c.image_width ? c.image_width : c.image_size;
  const Tensor x = hub_photo(picture, system.folder, c.image_size, width);
  const Tensor logits = (*system.model)(x);
  const bool several =
      c.num_labels == 1 || value_of(system.hub, "problem_type", "") == "multi_label_classification";
  const auto shares = (several ? sigmoid(logits) : softmax(logits, -1)).to_vector<double>();
  const auto labels = labels_of(system, c.num_labels);
  Prediction out;
  constexpr int64_t kShown = 32;
  out.seen = cast(resize(picture, kShown, kShown), DType::f32) / 255;
  for (size_t i = 0; i < shares.size(); ++i) out.classes.push_back({labels.at(i), shares[i]});
  std::stable_sort(out.classes.begin(), out.classes.end(),
                   [](const auto& a, const auto& b) { return a.probability > b.probability; });
  return out;
}

Recipe size(const char* name, const char* title, const char* summary) {
  return {
      .name = name,
      .title = title,
      .family = "vision",
      .year = 2020,
      .paper = "Dosovitskiy et al., An image is worth 16x16 words",
      .summary = summary,
      .settings = [name] { return Settings::of(models::vit_config(name)); },
      .inputs =
          [](const Settings& settings) {
            const auto& c = settings.as<ViTConfig>();
            const int64_t width = c.image_width ? c.image_width : c.image_size;
            return std::vector<Input>{{"pixel_values", {1, c.image_size, width, c.num_channels}}};
          },
      .model = [](const Settings& s) { return std::make_unique<ViT>(s.as<ViTConfig>()); },
      .arrays = run,
      .rename = [](TensorMap tensors,
                   const Settings& s) { return rename_vit(tensors, s.as<ViTConfig>()); },
      .hub = HubFamily{.model_type = "vit", .adopt = adopt, .config = config_text},
      .predict = predict};
}

}  // namespace

std::vector<Recipe> vit() {
  return {size("vit_b_16", "ViT-B/16",
               "Reads a photograph as 196 patches of 16 pixels, with 12 blocks of attention."),
          size("vit_b_32", "ViT-B/32", "The same with patches of 32 pixels."),
          size("vit_l_16", "ViT-L/16", "24 blocks of width 1024, patches of 16 pixels."),
          size("vit_l_32", "ViT-L/32", "24 blocks of width 1024, patches of 32 pixels."),
          size("vit_h_14", "ViT-H/14", "32 blocks of width 1280, patches of 14 pixels.")};
}

}  // namespace strata::recipes
