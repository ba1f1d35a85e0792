#pragma once

#include <cstdint>
#include <optional>

#include "strata/nn/layers/conv.h"
#include "strata/nn/layers/group_norm.h"
#include "strata/nn/layers/linear.h"

/// What the U-Nets of diffusion models are made of. The names of the parameters are those of the
/// diffusers library.
namespace strata::models {

struct TimeEmbeddingConfig {
  int64_t waves = -1;  ///< required, even: sines and cosines of the step
  int64_t width = -1;  ///< required: of the result
  bool cosines_first = false;
  double frequency_shift = 1;  ///< the lowest frequency is 10000^(-(half - 1) / (half - shift))
};

/// Sines and cosines of a step t at `waves` / 2 frequencies from 1 down, then linear, SiLU, linear:
/// t [N] to [N, width]. Vaswani et al. 2017, section 3.5; Ho et al. 2020, appendix B.
class TimeEmbedding final : public nn::Module {
 public:
  explicit TimeEmbedding(const TimeEmbeddingConfig& config);

  std::string type() const override { return "TimeEmbedding"; }
  void members(nn::Visitor& v) override { v("linear_1", linear_1)("linear_2", linear_2); }
  Tensor forward(const Tensor& t) override;

  nn::Linear linear_1, linear_2;

 private:
  TimeEmbeddingConfig config_;
};

struct UNetBlockConfig {
  int64_t in = -1;          ///< required
  int64_t out = -1;         ///< required
  int64_t time_width = -1;  ///< required
  int64_t groups = 32;
  double eps = 1e-5;
};

/// x + conv(silu(norm(conv(silu(norm(x))) + linear(time)))), 3x3 convolutions, with a 1x1
/// convolution of x where the widths differ: [N, H, W, in] to [N, H, W, out]. `time` [N,
/// time_width] has been through SiLU already, which all blocks share. The last convolution starts
/// at 0, so that a block starts as its shortcut (Ho et al. 2020).
class UNetBlock final : public nn::Module {
 public:
  explicit UNetBlock(const UNetBlockConfig& config);

  std::string type() const override { return "UNetBlock"; }
  void members(nn::Visitor& v) override;
  Tensor operator()(const Tensor& x, const Tensor& time);

  nn::GroupNorm norm1;
  nn::Conv2d conv1;
  nn::Linear time_emb_proj;
  nn::GroupNorm norm2;
  nn::Conv2d conv2;
  std::optional<nn::Conv2d> conv_shortcut;
};

struct UNetAttentionConfig {
  int64_t channels = -1;  ///< required
  int64_t groups = 0;     ///< of the norm in front; 0: none
  double eps = 1e-5;
};

/// x + self-attention of norm(x) with one head, over all positions of images [N, H, W, channels].
class UNetAttention final : public nn::Module {
 public:
  explicit UNetAttention(const UNetAttentionConfig& config);

  std::string type() const override { return "UNetAttention"; }
  void members(nn::Visitor& v) override;
  Tensor forward(const Tensor& x) override;

  std::optional<nn::GroupNorm> group_norm;
  nn::Linear to_q, to_k, to_v, to_out;
};

}  // namespace strata::models
