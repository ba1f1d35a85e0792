#include "models/language/gpt2.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "models/hub_activation.h"
#include "models/padding_mask.h"
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
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::models {
namespace {

constexpr int64_t kMostLayers = 10'000;  // the largest networks have a few hundred

nn::Activation activation_of(const std::string& name) {
  return hub_activation("GPT2", "activation_function", name);
}

GPT2Config checked(const GPT2Config& c) {
  nn::require_positive("GPT2", {{"vocab_size", c.vocab_size},
                                {"n_positions", c.n_positions},
                                {"n_embd", c.n_embd},
                                {"n_layer", c.n_layer},
                                {"n_head", c.n_head}});
  if (c.n_embd % c.n_head != 0) {
    throw ValueError("GPT2",
                     fmt::format(".n_embd {} is no multiple of .n_head {}", c.n_embd, c.n_head));
  }
  if (c.n_layer > kMostLayers) {
    throw ValueError("GPT2",
                     fmt::format(".n_layer must be at most {}, got {}", kMostLayers, c.n_layer));
  }
  if (c.n_inner < 0) throw ValueError("GPT2", fmt::format(".n_inner is {}", c.n_inner));
  if (!(c.layer_norm_epsilon > 0)) {
    throw ValueError(
        "GPT2", fmt::format(".layer_norm_epsilon must be above 0, got {}", c.layer_norm_epsilon));
  }
  activation_of(c.activation_function);
  return c;
}

/// Residual paths add up over 2 * n_layer layers, for which their last projections start smaller.
double projection_stddev(const GPT2Config& c) {
  return c.initializer_range / std::sqrt(2.0 * static_cast<double>(c.n_layer));
}

nn::LayerNormConfig norm_config(const GPT2Config& c) {
  return {.shape = {c.n_embd}, .eps = c.layer_norm_epsilon, .bias = c.bias};
}

int64_t past_of(const GPT2Inputs& in) { return in.cache ? in.cache->length() : 0; }

void check_inputs(const GPT2Inputs& in, const GPT2Config& config) {
  const Tensor& ids = in.input_ids;
  if (ids.rank() != 2 || ids.size(1) == 0) {
    throw ShapeError("GPT2", "input_ids must be [batch, length], got " + describe(ids));
  }
  const int64_t end = past_of(in) + ids.size(1);
  if (end > config.n_positions) {
    throw ValueError("GPT2", fmt::format("{} tokens do not fit the context of {} (n_positions)",
                                         end, config.n_positions));
  }
  if (in.attention_mask.defined() && in.attention_mask.shape() != Shape{ids.size(0), end}) {
    throw ShapeError("GPT2", fmt::format("attention_mask must be [{}, {}], got {}", ids.size(0),
                                         end, describe(in.attention_mask)));
  }
  if (in.token_type_ids.defined() && in.token_type_ids.shape() != ids.shape()) {
    throw ShapeError("GPT2", fmt::format("token_type_ids must be {}, got {}",
                                         to_string(ids.shape()), describe(in.token_type_ids)));
  }
}

Tensor positions_of(const GPT2Inputs& in) {
  if (in.position_ids.defined()) return in.position_ids;
  const int64_t past = past_of(in), end = past + in.input_ids.size(1);
  return unsqueeze(arange(static_cast<double>(past), static_cast<double>(end), 1, DType::i64,
                          in.input_ids.device()),
                   0);
}

}  // namespace

void GPT2Config::fields(FieldVisitor& v) {
  v("vocab_size", vocab_size, "tokens that are known");
  v("n_positions", n_positions, "longest context, in tokens");
  v("n_embd", n_embd, "width of the hidden states");
  v("n_layer", n_layer, "blocks");
  v("n_head", n_head, "heads of attention in a block");
  v("n_inner", n_inner, "width inside the MLPs; 0: four times n_embd");
  v("activation_function", activation_function, "of the MLPs: gelu_new, gelu, relu, silu, tanh");
  v("layer_norm_epsilon", layer_norm_epsilon, "added to the variance in norms");
  v("resid_pdrop", resid_pdrop, "dropout behind attention and MLPs");
  v("embd_pdrop", embd_pdrop, "dropout of the embeddings");
  v("attn_pdrop", attn_pdrop, "dropout of the attention weights");
  v("initializer_range", initializer_range, "standard deviation of the first weights");
  v("scale_attn_weights", scale_attn_weights, "divide scores by the root of a head's width");
  v("scale_attn_by_inverse_layer_idx", scale_attn_by_inverse_layer_idx,
    "divide scores by the layer's number, from 1");
  v("tie_word_embeddings", tie_word_embeddings, "the head is the token embeddings");
  v("bos_token_id", bos_token_id, "token that begins a text");
  v("eos_token_id", eos_token_id, "token that ends a text");
  v("bias", bias, "biases in all layers, norms included");
}

GPT2Config gpt2_config(const std::string& name) {
  GPT2Config c;
  if (name == "gpt2") return c;
  if (name == "gpt2-medium") {
    c.n_embd = 1024, c.n_layer = 24, c.n_head = 16;
  } else if (name == "gpt2-large") {
    c.n_embd = 1280, c.n_layer = 36, c.n_head = 20;
  } else if (name == "gpt2-xl") {
    c.n_embd = 1600, c.n_layer = 48, c.n_head = 25;
  } else {
    throw ValueError("GPT2", fmt::format("there is no size named {}", name),
                     "gpt2, gpt2-medium, gpt2-large, gpt2-xl");
  }
  return c;
}

Conv1D::Conv1D(const Config& config) : config_(config) {
  nn::require_positive("Conv1D", {{"in", config.in}, {"out", config.out}});
  weight = nn::parameter({config.in, config.out});
  nn::init::normal(weight, 0, config.stddev);
  if (!config.bias) return;
  bias = nn::parameter({config.out});
  nn::init::constant(bias, 0);
}

Tensor Conv1D::forward(const Tensor& x) {
  const Tensor w = transpose(nn::to_compute(weight), 0, 1);
  return cast(linear(nn::to_compute(x), w, nn::to_compute(bias), config_.activation), x.dtype());
}

GPT2Attention::GPT2Attention(const GPT2Config& c, int64_t layer)
    : heads_(c.n_head),
      scale_(c.scale_attn_weights ? 1 / std::sqrt(static_cast<double>(c.n_embd / c.n_head)) : 1),
      dropout_(c.attn_pdrop),
      c_attn_({.in = c.n_embd, .out = 3 * c.n_embd, .bias = c.bias, .stddev = c.initializer_range}),
      c_proj_({.in = c.n_embd, .out = c.n_embd, .bias = c.bias, .stddev = projection_stddev(c)}) {
  if (c.scale_attn_by_inverse_layer_idx) scale_ /= static_cast<double>(layer + 1);
}

Tensor GPT2Attention::operator()(const Tensor& x, const GPT2Pass& pass) {
  return nn::observe_call(*this, [&] {
    const std::vector<Tensor> qkv = split(c_attn_(x), x.size(2), 2);
    const Tensor q = nn::split_heads(qkv[0], heads_);
    Tensor k = nn::split_heads(qkv[1], heads_), v = nn::split_heads(qkv[2], heads_);
    if (pass.cache) {
      pass.cache->append(k, v);
      std::tie(k, v) = pass.cache->all();
    }
    const Tensor y = scaled_dot_product_attention(
        q, k, v,
        {.causal = true, .mask = pass.mask, .scale = scale_, .dropout = training() ? dropout_ : 0});
    return c_proj_(nn::merge_heads(y));
  });
}

GPT2MLP::GPT2MLP(const GPT2Config& c)
    : c_fc_({.in = c.n_embd,
             .out = c.n_inner ? c.n_inner : 4 * c.n_embd,
             .bias = c.bias,
             .stddev = c.initializer_range,
             .activation = activation_of(c.activation_function)}),
      c_proj_({.in = c.n_inner ? c.n_inner : 4 * c.n_embd,
               .out = c.n_embd,
               .bias = c.bias,
               .stddev = projection_stddev(c)}) {}

GPT2Block::GPT2Block(const GPT2Config& c, int64_t layer)
    : ln_1_(norm_config(c)),
      attn_(c, layer),
      ln_2_(norm_config(c)),
      mlp_(c),
      dropout_({.p = c.resid_pdrop}) {}

Tensor GPT2Block::operator()(const Tensor& x, const GPT2Pass& pass) {
  return nn::observe_call(*this, [&] {
    const Tensor h = x + dropout_(attn_(ln_1_(x), pass));
    return h + dropout_(mlp_(ln_2_(h)));
  });
}

GPT2Model::GPT2Model(const GPT2Config& c)
    : wte({.count = c.vocab_size, .width = c.n_embd, .stddev = c.initializer_range}),
      wpe({.count = c.n_positions, .width = c.n_embd, .stddev = c.initializer_range}),
      dropout_({.p = c.embd_pdrop}),
      ln_f_(norm_config(c)) {
  for (int64_t i = 0; i < c.n_layer; ++i) h_.add(c, i);
}

Tensor GPT2Model::operator()(const GPT2Inputs& in) {
  return nn::observe_call(*this, [&] {
    GPT2Pass pass = {.mask = padding_mask(in.attention_mask)};
    const Tensor positions = wpe(positions_of(in));
    Tensor x = cast(wte(in.input_ids), positions.dtype()) + positions;
    if (in.token_type_ids.defined()) x = x + cast(wte(in.token_type_ids), x.dtype());
    x = dropout_(x);
    std::span<nn::TransformerLayerCache> kept;
    if (in.cache) kept = in.cache->begin_step("GPT2", static_cast<int64_t>(h_.size()));
    for (size_t i = 0; auto& block : h_) {
      if (in.cache) pass.cache = &kept[i++].self;
      x = (*block)(x, pass);
    }
    x = ln_f_(in.last_only ? slice(x, 1, -1) : x);
    if (in.cache) in.cache->end_step(in.input_ids.size(1));
    return x;
  });
}

GPT2::GPT2(const GPT2Config& config) : config_(checked(config)), transformer_(config) {
  if (config.tie_word_embeddings) return;
  head_ = nn::parameter({config.vocab_size, config.n_embd});
  nn::init::normal(head_, 0, config.initializer_range);
}

void GPT2::members(nn::Visitor& v) { v("transformer", transformer_)("lm_head.weight", head_); }

Tensor GPT2::hidden(const GPT2Inputs& in) {
  check_inputs(in, config_);
  return transformer_(in);
}

Tensor GPT2::head(const Tensor& hidden) {
  const Tensor& w = config_.tie_word_embeddings ? transformer_.wte.weight : head_;
  return cast(linear(nn::to_compute(hidden), nn::to_compute(w)), hidden.dtype());
}

void GPT2::keep_matrices_in(DType dtype) {
  if (dtype != DType::f32 && dtype != DType::bf16) {
    throw ValueError("GPT2", fmt::format("keeps no matrices in {}", name_of(dtype)), "f32 or bf16");
  }
  const NoGrad no_grad;
  std::vector<Tensor*> matrices;
  for (const nn::NamedTensor& t : named_tensors()) {
    const bool wanted = t.tensor->rank() == 2 && t.name != "transformer.wpe.weight";
    if (wanted && t.tensor->dtype() != dtype) matrices.push_back(t.tensor);
  }
  // Blocks of memory have large pages throughout, which small matrices of their own have not: to
  // write a token takes a tenth less time. Several blocks, as each is there beside what it
  // replaces.
  constexpr int64_t kBlock = 1 << 25;
  const auto place = [](const Tensor& t) { return (t.numel() + 31) / 32 * 32; };  // from a line on
  for (auto first = matrices.begin(); first != matrices.end();) {
    auto last = first;
    int64_t numbers = 0;
    while (last != matrices.end() && numbers < kBlock) numbers += place(**last++);
    const Tensor memory = empty({numbers}, dtype, (*first)->device());
    for (int64_t begin = 0; first != last; ++first) {
      Tensor& t = **first;
      Tensor narrow = memory.as_strided(t.shape(), contiguous_strides(t.shape()), begin);
      copy_(narrow, t.detach());
      begin += place(t);
      narrow.set_requires_grad(t.requires_grad());
      t = narrow;
    }
  }
}

}  // namespace strata::models
