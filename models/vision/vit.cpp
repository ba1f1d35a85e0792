#include "models/vision/vit.h"

#include <cmath>

#include <fmt/format.h>

#include "models/hub_activation.h"
#include "models/vision/position_grid.h"
#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/heads.h"
#include "strata/nn/init.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/attention.h"
#include "strata/ops/joining.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::models {
namespace {

constexpr int64_t kMostLayers = 10'000;  // the largest networks have a few hundred

nn::Activation activation_of(const std::string& name) {
  return hub_activation("ViT", "hidden_act", name);
}

Size2 image_of(const ViTConfig& c) {
  return {c.image_size, c.image_width ? c.image_width : c.image_size};
}

Size2 grid_of(const ViTConfig& c) {
  return {image_of(c).h / c.patch_size, image_of(c).w / c.patch_size};
}

bool torchvision(const ViTConfig& c) { return c.naming == "torchvision"; }

ViTConfig checked(const ViTConfig& c) {
  nn::require_positive("ViT", {{"image_size", c.image_size},
                               {"patch_size", c.patch_size},
                               {"num_channels", c.num_channels},
                               {"hidden_size", c.hidden_size},
                               {"num_hidden_layers", c.num_hidden_layers},
                               {"num_attention_heads", c.num_attention_heads},
                               {"intermediate_size", c.intermediate_size},
                               {"num_labels", c.num_labels}});
  const auto refuse = [](const std::string& text) { throw ValueError("ViT", text); };
  if (c.image_width < 0) refuse(fmt::format(".image_width is {}", c.image_width));
  if (grid_of(c).h < 1 || grid_of(c).w < 1) {
    refuse(fmt::format("images of {} x {} have no patch of {}", image_of(c).h, image_of(c).w,
                       c.patch_size));
  }
  if (c.hidden_size % c.num_attention_heads != 0) {
    refuse(fmt::format(".hidden_size {} is no multiple of .num_attention_heads {}", c.hidden_size,
                       c.num_attention_heads));
  }
  if (c.num_hidden_layers > kMostLayers) {
    refuse(fmt::format(".num_hidden_layers must be at most {}, got {}", kMostLayers,
                       c.num_hidden_layers));
  }
  if (!(c.layer_norm_eps > 0)) {
    refuse(fmt::format(".layer_norm_eps must be above 0, got {}", c.layer_norm_eps));
  }
  if (c.naming != "torchvision" && c.naming != "huggingface") {
    refuse(fmt::format("naming must be torchvision or huggingface, got {}", c.naming));
  }
  const bool classifies = c.architecture == "ViTForImageClassification";
  if (!classifies && (c.architecture != "ViTModel" || torchvision(c))) {
    refuse(
        fmt::format("the architecture {} is not known; known: ViTForImageClassification and, "
                    "with the hub's names, ViTModel",
                    c.architecture));
  }
  return c;
}

nn::LayerNormConfig norm_config(const ViTConfig& c) {
  return {.shape = {c.hidden_size}, .eps = c.layer_norm_eps};
}

/// Xavier's weights and next to no bias, as torchvision's.
nn::Linear xavier(int64_t in, int64_t out, nn::Activation activation = nn::Activation::none) {
  nn::Linear made({.in = in, .out = out, .activation = activation});
  nn::init::xavier_uniform(made.weight);
  nn::init::normal(made.bias, 0, 1e-6);
  return made;
}

}  // namespace

void ViTConfig::fields(FieldVisitor& v) {
  v("image_size", image_size, "height of the images it was trained on");
  v("image_width", image_width, "their width; 0: as the height");
  v("patch_size", patch_size, "side of a patch");
  v("num_channels", num_channels, "of the images");
  v("hidden_size", hidden_size, "width of the hidden states");
  v("num_hidden_layers", num_hidden_layers, "blocks");
  v("num_attention_heads", num_attention_heads, "heads of attention in a block");
  v("intermediate_size", intermediate_size, "width inside the MLPs");
  v("hidden_act", hidden_act, "of the MLPs: gelu, gelu_new, relu, silu, tanh");
  v("hidden_dropout_prob", hidden_dropout_prob, "dropout behind embeddings, attention and MLPs");
  v("attention_probs_dropout_prob", attention_probs_dropout_prob,
    "dropout of the attention weights");
  v("layer_norm_eps", layer_norm_eps, "added to the variance in norms");
  v("qkv_bias", qkv_bias, "biases of queries, keys and values");
  v("num_labels", num_labels, "classes");
  v("architecture", architecture, "ViTForImageClassification or ViTModel");
  v("naming", naming, "whose names the weights have: torchvision or huggingface");
}

ViTConfig vit_config(const std::string& name) {
  ViTConfig c;
  if (name.starts_with("vit_l")) {
    c.hidden_size = 1024, c.num_hidden_layers = 24, c.num_attention_heads = 16;
    c.intermediate_size = 4096;
  }
  if (name == "vit_b_16" || name == "vit_l_16") return c;
  if (name == "vit_b_32" || name == "vit_l_32") {
    c.patch_size = 32;
  } else if (name == "vit_h_14") {
    c.hidden_size = 1280, c.num_hidden_layers = 32, c.num_attention_heads = 16;
    c.intermediate_size = 5120, c.patch_size = 14;
  } else {
    throw ValueError("ViT", fmt::format("there is no size named {}", name),
                     "vit_b_16, vit_b_32, vit_l_16, vit_l_32, vit_h_14");
  }
  return c;
}

ViTLayer::ViTLayer(const ViTConfig& c)
    : torchvision_(torchvision(c)),
      heads_(c.num_attention_heads),
      attention_dropout_(c.attention_probs_dropout_prob),
      norm_before_(norm_config(c)),
      qkv_({.width = c.hidden_size, .bias = c.qkv_bias, .joined = torchvision(c)}),
      attention_output_({.in = c.hidden_size, .out = c.hidden_size}),
      norm_after_(norm_config(c)),
      intermediate_(xavier(c.hidden_size, c.intermediate_size, activation_of(c.hidden_act))),
      output_(xavier(c.intermediate_size, c.hidden_size)),
      dropout_({.p = c.hidden_dropout_prob}) {
  nn::init::constant(attention_output_.bias, 0);
}

void ViTLayer::members(nn::Visitor& v) {
  if (torchvision_) {
    v("ln_1", norm_before_)("self_attention", qkv_)("self_attention.out_proj", attention_output_);
    v("ln_2", norm_after_)("mlp.0", intermediate_)("mlp.3", output_)("dropout", dropout_);
    return;
  }
  v("layernorm_before", norm_before_)("attention.attention", qkv_);
  v("attention.output.dense", attention_output_)("layernorm_after", norm_after_);
  v("intermediate.dense", intermediate_)("output.dense", output_)("dropout", dropout_);
}

Tensor ViTLayer::forward(const Tensor& x) {
  const std::vector<Tensor> qkv = split(qkv_(norm_before_(x)), x.size(2), 2);
  const Tensor seen = scaled_dot_product_attention(
      nn::split_heads(qkv[0], heads_), nn::split_heads(qkv[1], heads_),
      nn::split_heads(qkv[2], heads_), {.dropout = training() ? attention_dropout_ : 0});
  const Tensor merged = nn::merge_heads(seen);
  const Tensor h = x + dropout_(attention_output_(merged));
  const Tensor inside = intermediate_(norm_after_(h));
  return h + dropout_(output_(torchvision_ ? dropout_(inside) : inside));
}

ViT::ViT(const ViTConfig& config)
    : config_(checked(config)),
      patches_({.in = config.num_channels,
                .out = config.hidden_size,
                .kernel = config.patch_size,
                .stride = config.patch_size}),
      class_token_(nn::parameter({1, 1, config.hidden_size})),
      positions_(nn::parameter({1, 1 + grid_of(config).h * grid_of(config).w, config.hidden_size})),
      dropout_({.p = config.hidden_dropout_prob}),
      norm_(norm_config(config)) {
  const int64_t fan_in = config.num_channels * config.patch_size * config.patch_size;
  nn::init::normal(patches_.weight, 0, std::sqrt(1 / static_cast<double>(fan_in)));
  nn::init::constant(patches_.bias, 0);
  nn::init::constant(class_token_, 0);
  nn::init::normal(positions_, 0, 0.02);
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) layers_.add(config);
  const bool classifies = config.architecture == "ViTForImageClassification";
  const int64_t out = classifies ? config.num_labels : config.hidden_size;
  auto& head = classifies ? classifier_ : pooler_;
  head = std::make_unique<nn::Linear>(nn::LinearConfig{.in = config.hidden_size, .out = out});
  nn::init::constant(head->bias, 0);
  if (classifies) nn::init::constant(head->weight, 0);
}

void ViT::members(nn::Visitor& v) {
  if (torchvision(config_)) {
    v("class_token", class_token_)("conv_proj", patches_)("encoder.pos_embedding", positions_);
    v("encoder.dropout", dropout_);
    for (size_t i = 0; i < layers_.size(); ++i) {
      v(fmt::format("encoder.layers.encoder_layer_{}", i), layers_[i]);
    }
    v("encoder.ln", norm_)("heads.head", *classifier_);
    return;
  }
  const std::string before = classifier_ ? "vit." : "";
  v(before + "embeddings.cls_token", class_token_);
  v(before + "embeddings.position_embeddings", positions_);
  v(before + "embeddings.patch_embeddings.projection", patches_);
  v(before + "embeddings.dropout", dropout_);
  v(before + "encoder.layer", layers_)(before + "layernorm", norm_);
  if (pooler_) v(before + "pooler.dense", *pooler_);
  if (classifier_) v("classifier", *classifier_);
}

Tensor ViT::positions(int64_t height, int64_t width) const {
  const Size2 grid = grid_of(config_);
  if (grid.h == height && grid.w == width) return positions_;
  return resize_positions(positions_, grid, {height, width}, torchvision(config_));
}

ViTOutputs ViT::outputs(const Tensor& images) {
  if (images.rank() != 4 || images.size(3) != config_.num_channels ||
      images.size(1) < config_.patch_size || images.size(2) < config_.patch_size) {
    throw ShapeError("ViT",
                     fmt::format("images must be [N, H, W, {}] of {} pixels or more, got {}",
                                 config_.num_channels, config_.patch_size, describe(images)));
  }
  const Tensor grid = patches_(images);
  const int64_t count = grid.size(0), width = config_.hidden_size;
  const Tensor patches = reshape(grid, {count, grid.size(1) * grid.size(2), width});
  Tensor x = concat({expand(class_token_, {count, 1, width}), patches}, 1);
  x = dropout_(x + positions(grid.size(1), grid.size(2)));
  for (auto& layer : layers_) x = (*layer)(x);
  ViTOutputs out;
  if (classifier_) {
    out.logits = (*classifier_)(norm_(select(x, 1, 0)));
  } else {
    out.hidden = norm_(x);
    out.pooled = tanh((*pooler_)(select(out.hidden, 1, 0)));
  }
  return out;
}

Tensor ViT::forward(const Tensor& images) {
  const ViTOutputs out = outputs(images);
  return out.logits.defined() ? out.logits : out.hidden;
}

}  // namespace strata::models
