#include "strata/nn/layers/transformer.h"

#include <span>

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"

namespace strata::nn {
namespace {

/// Fills a stack, whose type names its errors.
template <class Stack>
void build(Stack& stack, const TransformerStackConfig& config) {
  require_positive(stack.type().c_str(), {{"layers", config.layers}});
  for (int64_t i = 0; i < config.layers; ++i) stack.layers.add(config.layer);
  if (!config.norm) return;
  stack.norm.emplace(LayerNormConfig{
      .shape = {config.layer.width}, .eps = config.layer.eps, .bias = config.layer.bias});
}

template <class Stack>
void visit(Visitor& v, Stack& stack) {
  v("layers", stack.layers);
  if (stack.norm) v("norm", *stack.norm);
}

/// x through all layers, `run(layer, y, its part of the cache or null)`, and the norm.
template <class Stack, class Run>
Tensor through(Stack& stack, const Tensor& x, TransformerCache* cache, const Run& run) {
  std::span<TransformerLayerCache> kept;
  if (cache)
    kept = cache->begin_step(stack.type().c_str(), static_cast<int64_t>(stack.layers.size()));
  Tensor y = x;
  for (size_t i = 0; auto& layer : stack.layers) y = run(*layer, y, cache ? &kept[i++] : nullptr);
  if (stack.norm) y = (*stack.norm)(y);
  if (cache) cache->end_step(x.size(1));
  return y;
}

}  // namespace

TransformerEncoder::TransformerEncoder(const TransformerStackConfig& config) : config_(config) {
  build(*this, config);
}

void TransformerEncoder::members(Visitor& v) { visit(v, *this); }

Tensor TransformerEncoder::forward(const Tensor& x) { return run(x, {}, nullptr); }

Tensor TransformerEncoder::operator()(const Tensor& x, const AttentionMasks& masks,
                                      TransformerCache* cache) {
  return observe_call(*this, [&] { return run(x, masks, cache); });
}

Tensor TransformerEncoder::run(const Tensor& x, const AttentionMasks& masks,
                               TransformerCache* cache) {
  return through(*this, x, cache, [&](auto& layer, const Tensor& y, TransformerLayerCache* kept) {
    return layer(y, masks, kept ? &kept->self : nullptr);
  });
}

TransformerDecoder::TransformerDecoder(const TransformerStackConfig& config) : config_(config) {
  build(*this, config);
}

void TransformerDecoder::members(Visitor& v) { visit(v, *this); }

Tensor TransformerDecoder::operator()(const Tensor& tgt, const Tensor& memory,
                                      const TransformerDecoderMasks& masks,
                                      TransformerCache* cache) {
  return observe_call(*this, [&] {
    return through(*this, tgt, cache,
                   [&](auto& layer, const Tensor& y, TransformerLayerCache* kept) {
                     return layer(y, memory, masks, kept);
                   });
  });
}

Transformer::Transformer(const TransformerConfig& config)
    : encoder({.layer = config.layer, .layers = config.encoder_layers, .norm = true}),
      decoder({.layer = config.layer, .layers = config.decoder_layers, .norm = true}),
      config_(config) {
  for (Tensor& p : parameters()) {
    if (p.rank() > 1) init::xavier_uniform(p);
  }
}

Tensor Transformer::operator()(const Tensor& src, const Tensor& tgt,
                               const TransformerMasks& masks) {
  return observe_call(*this, [&] {
    return decoder(tgt, encoder(src, masks.src), {.tgt = masks.tgt, .memory = masks.memory});
  });
}

}  // namespace strata::nn
