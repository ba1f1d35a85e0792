#include "strata/nn/layers/transformer.h"

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

}  // namespace

TransformerEncoder::TransformerEncoder(const TransformerStackConfig& config) : config_(config) {
  build(*this, config);
}

void TransformerEncoder::members(Visitor& v) { visit(v, *this); }

Tensor TransformerEncoder::forward(const Tensor& x) { return run(x, {}); }

Tensor TransformerEncoder::operator()(const Tensor& x, const AttentionMasks& masks) {
  return observe_call(*this, [&] { return run(x, masks); });
}

Tensor TransformerEncoder::run(const Tensor& x, const AttentionMasks& masks) {
  Tensor y = x;
  for (auto& layer : layers) y = (*layer)(y, masks);
  return norm ? (*norm)(y) : y;
}

TransformerDecoder::TransformerDecoder(const TransformerStackConfig& config) : config_(config) {
  build(*this, config);
}

void TransformerDecoder::members(Visitor& v) { visit(v, *this); }

Tensor TransformerDecoder::operator()(const Tensor& tgt, const Tensor& memory,
                                      const TransformerDecoderMasks& masks) {
  return observe_call(*this, [&] {
    Tensor y = tgt;
    for (auto& layer : layers) y = (*layer)(y, memory, masks);
    return norm ? (*norm)(y) : y;
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
