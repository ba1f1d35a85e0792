#include "strata/nn/layers/transformer_layer.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/dropout.h"

namespace strata::nn {
namespace {

const TransformerLayerConfig& checked(const char* name, const TransformerLayerConfig& c) {
  require_positive(name, {{"width", c.width}, {"heads", c.heads}, {"feedforward", c.feedforward}});
  require_heads(name, c.width, c.heads);
  require_share(name, "dropout", c.dropout);
  return c;
}

MultiheadAttentionConfig attention_config(const TransformerLayerConfig& c) {
  return {.width = c.width, .heads = c.heads, .dropout = c.dropout, .bias = c.bias};
}

LayerNormConfig norm_config(const TransformerLayerConfig& c) {
  return {.shape = {c.width}, .eps = c.eps, .bias = c.bias};
}

void check_memory(const Tensor& memory, const AttentionCache& cache) {
  const Tensor keys = cache.all().first;
  if (memory.rank() == 3 && memory.size(0) == keys.size(0) && memory.size(1) == keys.size(2))
    return;
  throw ShapeError("TransformerDecoderLayer",
                   fmt::format("memory {} is not what the cache holds the keys of, {}",
                               describe(memory), describe(keys)),
                   "truncate(0) lets it begin anew");
}

}  // namespace

TransformerLayer::TransformerLayer(const char* name, const TransformerLayerConfig& c)
    : self_attn(attention_config(checked(name, c))),
      linear1({.in = c.width, .out = c.feedforward, .bias = c.bias, .activation = c.activation}),
      linear2({.in = c.feedforward, .out = c.width, .bias = c.bias}),
      norm1(norm_config(c)),
      norm2(norm_config(c)),
      config_(c) {}

Tensor TransformerLayer::residual(const Tensor& x, LayerNorm& norm,
                                  FunctionRef<Tensor(const Tensor&)> f) const {
  if (config_.norm_first) return x + dropout(f(norm(x)), config_.dropout, training());
  return norm(x + dropout(f(x), config_.dropout, training()));
}

Tensor TransformerLayer::self_attended(const Tensor& x, AttentionMasks masks,
                                       AttentionCache* cache) {
  // What the cache holds has not seen x, so positions of x must not see later ones either.
  masks.causal = masks.causal || cache != nullptr;
  return residual(x, norm1, [&](const Tensor& t) { return self_attn(t, t, t, masks, cache); });
}

Tensor TransformerLayer::feed_forward(const Tensor& x) {
  return linear2(dropout(linear1(x), config_.dropout, training()));
}

TransformerEncoderLayer::TransformerEncoderLayer(const TransformerLayerConfig& config)
    : TransformerLayer("TransformerEncoderLayer", config) {}

void TransformerEncoderLayer::members(Visitor& v) {
  v("self_attn", self_attn)("linear1", linear1)("linear2", linear2);
  v("norm1", norm1)("norm2", norm2);
}

Tensor TransformerEncoderLayer::forward(const Tensor& x) { return run(x, {}, nullptr); }

Tensor TransformerEncoderLayer::operator()(const Tensor& x, const AttentionMasks& masks,
                                           AttentionCache* cache) {
  return observe_call(*this, [&] { return run(x, masks, cache); });
}

Tensor TransformerEncoderLayer::run(const Tensor& x, const AttentionMasks& masks,
                                    AttentionCache* cache) {
  const Tensor seen = self_attended(x, masks, cache);
  return residual(seen, norm2, [&](const Tensor& t) { return feed_forward(t); });
}

TransformerDecoderLayer::TransformerDecoderLayer(const TransformerLayerConfig& config)
    : TransformerLayer("TransformerDecoderLayer", config),
      multihead_attn(attention_config(config)),
      norm3(norm_config(config)) {}

void TransformerDecoderLayer::members(Visitor& v) {
  v("self_attn", self_attn)("multihead_attn", multihead_attn);
  v("linear1", linear1)("linear2", linear2)("norm1", norm1)("norm2", norm2)("norm3", norm3);
}

Tensor TransformerDecoderLayer::operator()(const Tensor& tgt, const Tensor& memory,
                                           const TransformerDecoderMasks& masks,
                                           TransformerLayerCache* cache) {
  return observe_call(*this, [&] {
    const bool kept = cache && cache->memory.length() > 0;
    if (kept && memory.defined()) check_memory(memory, cache->memory);
    const Tensor fresh = kept ? Tensor() : memory;
    AttentionCache* memory_cache = cache ? &cache->memory : nullptr;
    const Tensor own = self_attended(tgt, masks.tgt, cache ? &cache->self : nullptr);
    const Tensor seen = residual(own, norm2, [&](const Tensor& t) {
      return multihead_attn(t, fresh, fresh, masks.memory, memory_cache);
    });
    return residual(seen, norm3, [&](const Tensor& t) { return feed_forward(t); });
  });
}

}  // namespace strata::nn
