#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "strata/nn/layers/attention_cache.h"
#include "strata/nn/layers/layer_norm.h"
#include "strata/nn/layers/module_list.h"
#include "strata/nn/layers/transformer_layer.h"
#include "strata/nn/module.h"

namespace strata::nn {

struct TransformerStackConfig {
  TransformerLayerConfig layer = {};  ///< required: .width and .heads
  int64_t layers = -1;                ///< required
  bool norm = false;                  ///< a norm behind the last layer
};

/// Encoder layers one after the other: x [N, T, width] to the same shape. As torch.nn's, but that
/// each layer starts from values of its own, where PyTorch copies those of the first. Throws as its
/// layers do.
class TransformerEncoder final : public Module {
 public:
  explicit TransformerEncoder(const TransformerStackConfig& config);

  std::string type() const override { return "TransformerEncoder"; }
  void members(Visitor& v) override;
  Tensor forward(const Tensor& x) override;
  using Module::operator();
  /// With a cache x continues what that holds, as in a causal pass over all of it.
  Tensor operator()(const Tensor& x, const AttentionMasks& masks,
                    TransformerCache* cache = nullptr);
  const TransformerStackConfig& config() const { return config_; }

  ModuleList<TransformerEncoderLayer> layers;
  std::optional<LayerNorm> norm;

 private:
  Tensor run(const Tensor& x, const AttentionMasks& masks, TransformerCache* cache);

  TransformerStackConfig config_;
};

/// Decoder layers one after the other, each of which sees all of `memory`: tgt [N, T, width] and
/// memory [N, S, width] to tgt's shape. Otherwise as TransformerEncoder.
class TransformerDecoder final : public Module {
 public:
  explicit TransformerDecoder(const TransformerStackConfig& config);

  std::string type() const override { return "TransformerDecoder"; }
  void members(Visitor& v) override;
  /// With a cache tgt continues what that holds, as in a causal pass over all of it. The memory is
  /// projected at the first call and may be undefined afterwards.
  Tensor operator()(const Tensor& tgt, const Tensor& memory,
                    const TransformerDecoderMasks& masks = {}, TransformerCache* cache = nullptr);
  const TransformerStackConfig& config() const { return config_; }

  ModuleList<TransformerDecoderLayer> layers;
  std::optional<LayerNorm> norm;

 private:
  TransformerStackConfig config_;
};

struct TransformerConfig {
  TransformerLayerConfig layer = {};  ///< required: .width and .heads
  int64_t encoder_layers = 6;
  int64_t decoder_layers = 6;
};

struct TransformerMasks {
  AttentionMasks src = {};     ///< of the encoder
  AttentionMasks tgt = {};     ///< of the decoder's self-attention
  AttentionMasks memory = {};  ///< of the decoder's attention to the encoder's results
};

/// An encoder of src [N, S, width] and a decoder of tgt [N, T, width] that sees its results, both
/// with a norm at the end: tgt's shape. As torch.nn.Transformer with batch_first; all matrices
/// start as Xavier's. Embeddings, positions (positional_encoding) and the last projection are the
/// caller's. Training shifts targets by one and hides what comes later:
///
///   model(src, tgt, {.src = {.key_padding_mask = padding},
///                    .tgt = {.causal = true},
///                    .memory = {.key_padding_mask = padding}})
///
/// To generate, call `encoder` once, then `decoder` with each new token and a TransformerCache,
/// inside NoGrad. Vaswani et al., "Attention is all you need", 2017.
class Transformer final : public Module {
 public:
  explicit Transformer(const TransformerConfig& config);

  std::string type() const override { return "Transformer"; }
  void members(Visitor& v) override { v("encoder", encoder)("decoder", decoder); }
  Tensor operator()(const Tensor& src, const Tensor& tgt, const TransformerMasks& masks = {});
  const TransformerConfig& config() const { return config_; }

  TransformerEncoder encoder;
  TransformerDecoder decoder;

 private:
  TransformerConfig config_;
};

}  // namespace strata::nn
