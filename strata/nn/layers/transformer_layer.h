#pragma once

#include <cstdint>
#include <string>

#include "strata/base/function_ref.h"
#include "strata/nn/layers/layer_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/multihead_attention.h"
#include "strata/nn/module.h"

namespace strata::nn {

struct TransformerLayerConfig {
  int64_t width = -1;  ///< required
  int64_t heads = -1;  ///< required; divides the width
  int64_t feedforward = 2048;
  double dropout = 0.1;  ///< of attention's weights, inside of the MLP and behind each part
  Activation activation = Activation::relu;  ///< of the MLP; PyTorch's "gelu" is gelu_erf
  double eps = 1e-5;                         ///< of the norms
  bool norm_first = false;                   ///< x + f(norm(x)) in place of norm(x + f(x))
  bool bias = true;                          ///< of all layers, norms included
};

/// What the two layers below are made of. Constructors throw ValueError for missing sizes, heads
/// that do not divide the width and a dropout outside of [0, 1]; calls throw as MultiheadAttention.
class TransformerLayer : public Module {
 public:
  const TransformerLayerConfig& config() const { return config_; }

  MultiheadAttention self_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2;

 protected:
  TransformerLayer(const char* name, const TransformerLayerConfig& config);

  /// f in a residual path with its norm.
  Tensor residual(const Tensor& x, LayerNorm& norm, FunctionRef<Tensor(const Tensor&)> f) const;
  /// x + attention to itself, in a residual path with norm1.
  Tensor self_attended(const Tensor& x, AttentionMasks masks, AttentionCache* cache);
  Tensor feed_forward(const Tensor& x);

 private:
  TransformerLayerConfig config_;
};

/// Self-attention, then an MLP: x [N, T, width] to the same shape. As torch.nn's with batch_first.
/// With a cache x continues what that holds and sees no later position, causal or not said.
class TransformerEncoderLayer final : public TransformerLayer {
 public:
  explicit TransformerEncoderLayer(const TransformerLayerConfig& config);

  std::string type() const override { return "TransformerEncoderLayer"; }
  void members(Visitor& v) override;
  Tensor forward(const Tensor& x) override;
  using Module::operator();
  Tensor operator()(const Tensor& x, const AttentionMasks& masks, AttentionCache* cache = nullptr);

 private:
  Tensor run(const Tensor& x, const AttentionMasks& masks, AttentionCache* cache);
};

struct TransformerDecoderMasks {
  AttentionMasks tgt = {};     ///< of the self-attention
  AttentionMasks memory = {};  ///< of the attention to the memory
};

/// Self-attention, attention to an encoder's results, then an MLP: tgt [N, T, width] and memory
/// [N, S, width] to tgt's shape. As torch.nn's with batch_first. With a cache tgt continues what
/// that holds and sees no later position; the memory of the first call counts, and may be undefined
/// afterwards. Throws ShapeError where it has another length then.
class TransformerDecoderLayer final : public TransformerLayer {
 public:
  explicit TransformerDecoderLayer(const TransformerLayerConfig& config);

  std::string type() const override { return "TransformerDecoderLayer"; }
  void members(Visitor& v) override;
  Tensor operator()(const Tensor& tgt, const Tensor& memory,
                    const TransformerDecoderMasks& masks = {},
                    TransformerLayerCache* cache = nullptr);

  MultiheadAttention multihead_attn;
  LayerNorm norm3;
};

}  // namespace strata::nn
