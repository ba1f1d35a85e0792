#include "strata/nn/layers/multihead_attention.h"

#include <cmath>
#include <limits>
#include <tuple>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/heads.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/attention.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/linear.h"
#include "strata/ops/matmul.h"
#include "strata/ops/pad.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"

namespace strata::nn {
namespace {

constexpr const char* kName = "MultiheadAttention";

/// The config with its widths filled in.
MultiheadAttentionConfig checked(MultiheadAttentionConfig c) {
  if (c.kdim == 0) c.kdim = c.width;
  if (c.vdim == 0) c.vdim = c.width;
  require_positive(kName,
                   {{"width", c.width}, {"heads", c.heads}, {"kdim", c.kdim}, {"vdim", c.vdim}});
  require_heads(kName, c.width, c.heads);
  require_share(kName, "dropout", c.dropout);
  return c;
}

Tensor product(const Tensor& x, const Tensor& w, const Tensor& bias) {
  return cast(linear(to_compute(x), to_compute(w), to_compute(bias)), x.dtype());
}

/// Of a query that sees nothing but what `cache` holds.
void check_alone(const Tensor& query, const AttentionCache* cache) {
  if (!cache || cache->length() == 0) {
    throw ShapeError(kName, fmt::format("there are no keys for query {}", describe(query)));
  }
  const Tensor keys = cache->all().first;
  if (query.rank() == 3 && query.size(0) == keys.size(0)) return;
  throw ShapeError(kName, fmt::format("query {} does not fit the keys that the cache holds, {}",
                                      describe(query), describe(keys)));
}

void check_inputs(const Tensor& query, const Tensor& key, const Tensor& value) {
  const bool sequences = query.rank() == 3 && key.rank() == 3 && value.rank() == 3;
  if (sequences && key.size(0) == query.size(0) && value.size(0) == query.size(0) &&
      key.size(1) == value.size(1)) {
    return;
  }
  throw ShapeError(kName,
                   fmt::format("takes query [N, Tq, width], key [N, Tk, kdim] and value [N, Tk, "
                               "vdim], not {}, {} and {}",
                               describe(query), describe(key), describe(value)),
                   query.rank() == 2 ? "unsqueeze(query, 0)" : "");
}

bool broadcasts(const Shape& from, const Shape& to) {
  const int added = to.rank() - from.rank();
  bool fits = added >= 0;
  for (int i = 0; fits && i < from.rank(); ++i) fits = from[i] == 1 || from[i] == to[i + added];
  return fits;
}

void check_mask(const char* name, const Tensor& mask, bool fits, const char* shape,
                const Shape& scores) {
  if (mask.dtype() != DType::boolean && !is_floating(mask.dtype())) {
    throw DTypeError(kName, fmt::format("{} is bool or floating, got {}", name, describe(mask)));
  }
  if (fits) return;
  throw ShapeError(kName, fmt::format("{} {} is not {}, with scores [N, heads, Tq, Tk] of {}", name,
                                      describe(mask), shape, to_string(scores)));
}

/// attn_mask so that it broadcasts to the scores.
Tensor fitting_mask(const Tensor& mask, const Shape& scores) {
  if (!mask.defined()) return mask;
  const bool by_head = mask.shape() == Shape{scores[0] * scores[1], scores[2], scores[3]};
  check_mask("attn_mask", mask, by_head || (mask.rank() > 0 && broadcasts(mask.shape(), scores)),
             "[Tq, Tk], [N * heads, Tq, Tk] or what broadcasts to the scores", scores);
  return by_head ? reshape(mask, scores) : mask;
}

/// key_padding_mask so that it broadcasts to the scores.
Tensor fitting_padding(const Tensor& mask, const Shape& scores) {
  if (!mask.defined()) return mask;
  check_mask("key_padding_mask", mask, mask.shape() == Shape{scores[0], scores[3]}, "[N, Tk]",
             scores);
  return reshape(mask, {scores[0], 1, 1, scores[3]});
}

/// What leaves out all that one of the two leaves out.
Tensor both(const Tensor& a, const Tensor& b) {
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  if (!a.defined() || !b.defined()) return a.defined() ? a : b;
  const bool a_bool = a.dtype() == DType::boolean, b_bool = b.dtype() == DType::boolean;
  if (a_bool && b_bool) return logical_or(a, b);
  if (a_bool) return where(a, kNever, b);
  return b_bool ? where(b, kNever, a) : a + b;
}

}  // namespace

/// What scaled_dot_product_attention takes.
struct MultiheadAttention::Heads {
  Tensor q, k, v;
  AttentionOptions options;

  Tensor attend(const Tensor& values) const {
    return scaled_dot_product_attention(q, k, values, options);
  }
};

MultiheadAttention::MultiheadAttention(const MultiheadAttentionConfig& config)
    : out_proj({.in = checked(config).width, .out = config.width, .bias = config.bias}),
      config_(checked(config)) {
  const int64_t width = config.width;
  const auto xavier = [](const Shape& shape) {
    Tensor w = parameter(shape);
    init::xavier_uniform(w);
    return w;
  };
  if (config_.kdim == width && config_.vdim == width) {
    in_proj_weight = xavier({3 * width, width});
  } else {
    q_proj_weight = xavier({width, width});
    k_proj_weight = xavier({width, config_.kdim});
    v_proj_weight = xavier({width, config_.vdim});
  }
  if (config.bias) {
    in_proj_bias = parameter({3 * width});
    init::constant(in_proj_bias, 0);
    init::constant(out_proj.bias, 0);
  }
  if (!config.add_bias_kv) return;
  for (Tensor* own : {&bias_k, &bias_v}) {
    *own = parameter({1, 1, width});
    init::normal(*own, 0, 1 / std::sqrt(static_cast<double>(width)));
  }
}

void MultiheadAttention::members(Visitor& v) {
  v("in_proj_weight", in_proj_weight)("q_proj_weight", q_proj_weight);
  v("k_proj_weight", k_proj_weight)("v_proj_weight", v_proj_weight);
  v("in_proj_bias", in_proj_bias)("bias_k", bias_k)("bias_v", bias_v)("out_proj", out_proj);
}

/// One product where tensors are the same.
std::vector<Tensor> MultiheadAttention::project(const Tensor& query, const Tensor& key,
                                                const Tensor& value) const {
  const int64_t width = config_.width;
  if (!key.defined()) {
    const Tensor w = in_proj_weight.defined() ? slice(in_proj_weight, 0, 0, width) : q_proj_weight;
    const Tensor bias = config_.bias ? slice(in_proj_bias, 0, 0, width) : Tensor();
    return {product(query, w, bias), Tensor(), Tensor()};
  }
  const bool joined = in_proj_weight.defined() && value.same_as(key);
  if (joined && key.same_as(query)) {
    return split(product(query, in_proj_weight, in_proj_bias), width, 2);
  }
  if (joined) {
    const std::vector<Tensor> w = split(in_proj_weight, {width, 2 * width});
    const std::vector<Tensor> b =
        config_.bias ? split(in_proj_bias, {width, 2 * width}) : std::vector<Tensor>(2);
    const std::vector<Tensor> kv = split(product(key, w[1], b[1]), width, 2);
    return {product(query, w[0], b[0]), kv[0], kv[1]};
  }
  const std::vector<Tensor> w = in_proj_weight.defined()
                                    ? split(in_proj_weight, width)
                                    : std::vector{q_proj_weight, k_proj_weight, v_proj_weight};
  const std::vector<Tensor> b = config_.bias ? split(in_proj_bias, width) : std::vector<Tensor>(3);
  return {product(query, w[0], b[0]), product(key, w[1], b[1]), product(value, w[2], b[2])};
}

/// The layer's own keys or values in front of those given [N, heads, T, D], where causal queries
/// see them as well.
Tensor MultiheadAttention::with_own(const Tensor& x, const Tensor& learnt) const {
  if (own_keys() == 0) return x;
  const Shape one = {x.size(0), x.size(1), 1, x.size(3)};
  std::vector<Tensor> parts;
  if (learnt.defined()) {
    parts.push_back(expand(split_heads(cast(learnt, x.dtype()), config_.heads), one));
  }
  if (config_.add_zero_attn) parts.push_back(zeros(one, x.dtype(), x.device()));
  parts.push_back(x);
  return concat(parts, 2);
}

/// The masks as scaled_dot_product_attention's, for scores of that shape without the layer's own
/// keys.
Tensor MultiheadAttention::mask_of(const AttentionMasks& masks, const Shape& scores) const {
  Tensor mask =
      both(fitting_mask(masks.attn_mask, scores), fitting_padding(masks.key_padding_mask, scores));
  if (!mask.defined()) return mask;
  if (own_keys() > 0) {
    Shape shape = mask.shape();
    shape.back() = scores.back();
    mask = pad(expand(mask, shape), {{.axis = -1, .before = own_keys()}});
  }
  return mask.dtype() == DType::boolean ? logical_not(mask) : mask;
}

MultiheadAttention::Heads MultiheadAttention::heads_of(const Tensor& query, const Tensor& key,
                                                       const Tensor& value,
                                                       const AttentionMasks& masks,
                                                       AttentionCache* cache) const {
  const bool alone = !key.defined() && !value.defined();
  alone ? check_alone(query, cache) : check_inputs(query, key, value);
  const std::vector<Tensor> parts = project(query, key, value);
  const int64_t keys = (cache ? cache->length() : 0) + (alone ? 0 : key.size(1));
  const Tensor mask = mask_of(masks, {query.size(0), config_.heads, query.size(1), keys});
  Tensor k, v;
  if (!alone) {
    k = split_heads(parts[1], config_.heads);
    v = split_heads(parts[2], config_.heads);
    if (cache) cache->append(k, v);
  }
  if (cache) std::tie(k, v) = cache->all();
  return {.q = split_heads(parts[0], config_.heads),
          .k = with_own(k, bias_k),
          .v = with_own(v, bias_v),
          .options = {
              .causal = masks.causal, .mask = mask, .dropout = training() ? config_.dropout : 0}};
}

Tensor MultiheadAttention::forward(const Tensor& x) {
  const Heads heads = heads_of(x, x, x, {});
  return out_proj(merge_heads(heads.attend(heads.v)));
}

Tensor MultiheadAttention::operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                                      const AttentionMasks& masks, AttentionCache* cache) {
  return observe_call(*this, [&] {
    const Heads heads = heads_of(query, key, value, masks, cache);
    return out_proj(merge_heads(heads.attend(heads.v)));
  });
}

WeighedAttention MultiheadAttention::with_weights(const Tensor& query, const Tensor& key,
                                                  const Tensor& value, const AttentionMasks& masks,
                                                  bool average) {
  Tensor weights;
  const Tensor y = observe_call(*this, [&] {
    const Heads heads = heads_of(query, key, value, masks);
    weights = attention_weights(heads.q, heads.k, heads.options);
    return out_proj(merge_heads(matmul(weights, heads.v)));
  });
  if (own_keys() > 0) weights = roll(weights, {-own_keys()}, {3});
  return {y, average ? mean(weights, {1}) : weights};
}

}  // namespace strata::nn
