#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "strata/base/fields.h"
#include "strata/nn/layers/conv.h"
#include "strata/nn/layers/dropout.h"
#include "strata/nn/layers/layer_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/module_list.h"
#include "strata/nn/layers/qkv_projection.h"

namespace strata::models {

/// Fields of the hub's config.json of a "vit", with torchvision's ViT-B/16 for defaults.
struct ViTConfig {
  int64_t image_size = 224;  ///< height of the images that it was trained on
  int64_t image_width = 0;   ///< 0: as their height
  int64_t patch_size = 16;
  int64_t num_channels = 3;
  int64_t hidden_size = 768;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t intermediate_size = 3072;
  std::string hidden_act = "gelu";
  double hidden_dropout_prob = 0;
  double attention_probs_dropout_prob = 0;
  double layer_norm_eps = 1e-6;
  bool qkv_bias = true;
  int64_t num_labels = 1000;
  /// The hub's name for what stands on the encoder: ViTForImageClassification or ViTModel, which
  /// has a pooler.
  std::string architecture = "ViTForImageClassification";
  /// Whose names the weights have: torchvision or huggingface.
  std::string naming = "torchvision";

  void fields(FieldVisitor& v);
};

/// The configs of "vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32" and "vit_h_14". Throws ValueError
/// for others.
ViTConfig vit_config(const std::string& name);

struct ViTOutputs {
  Tensor hidden;  ///< the last hidden states, [N, 1 + patches, hidden_size]; not with logits
  Tensor pooled;  ///< [N, hidden_size], or undefined
  Tensor logits;  ///< [N, num_labels], or undefined
};

/// x + attention(norm(x)), then x + mlp(norm(x)). Drops behind both; torchvision's, other than the
/// hub's, also inside the MLP.
class ViTLayer final : public nn::Module {
 public:
  explicit ViTLayer(const ViTConfig& config);
  std::string type() const override { return "ViTLayer"; }
  void members(nn::Visitor& v) override;
  Tensor forward(const Tensor& x) override;

 private:
  bool torchvision_;
  int64_t heads_;
  double attention_dropout_;
  nn::LayerNorm norm_before_;
  nn::QkvProjection qkv_;
  nn::Linear attention_output_;
  nn::LayerNorm norm_after_;
  nn::Linear intermediate_, output_;
  nn::Dropout dropout_;
};

/// Vision transformer: images f32[N, H, W, num_channels] are cut into square patches. With
/// torchvision's names, or those of the hub's files. B/16, B/32, L/16, L/32 and H/14 have
/// 86,567,656; 88,224,232; 304,326,632; 306,535,400 and 632,045,800 parameters. Images of another
/// size than trained on get positions that are interpolated as those libraries do. Dosovitskiy et
/// al., "An image is worth 16x16 words: transformers for image recognition at scale", 2021.
class ViT final : public nn::Module {
 public:
  /// Throws ValueError for sizes that are missing, absurd or do not divide, for an unknown
  /// activation, architecture or naming.
  explicit ViT(const ViTConfig& config);

  std::string type() const override { return "ViT"; }
  void members(nn::Visitor& v) override;
  /// Images to logits, or to the last hidden states where the architecture has none.
  Tensor forward(const Tensor& images) override;
  /// Images to all that the architecture gives. Throws ShapeError.
  ViTOutputs outputs(const Tensor& images);

  const ViTConfig& config() const { return config_; }

 private:
  Tensor positions(int64_t height, int64_t width) const;

  ViTConfig config_;
  nn::Conv2d patches_;
  Tensor class_token_, positions_;
  nn::Dropout dropout_;
  nn::ModuleList<ViTLayer> layers_;
  nn::LayerNorm norm_;
  std::unique_ptr<nn::Linear> pooler_, classifier_;
};

}  // namespace strata::models
