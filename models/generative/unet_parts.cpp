#include "models/generative/unet_parts.h"

#include <cmath>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/init.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/matmul.h"
#include "strata/ops/softmax.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::models {
namespace {

constexpr double kLongestPeriod = 10000;

}  // namespace

TimeEmbedding::TimeEmbedding(const TimeEmbeddingConfig& config)
    : linear_1({.in = config.waves, .out = config.width, .activation = nn::Activation::silu}),
      linear_2({.in = config.width, .out = config.width}),
      config_(config) {
  if (config.waves % 2) {
    throw ValueError("TimeEmbedding",
                     fmt::format(".waves = {} are not as many sines as cosines", config.waves));
  }
}

Tensor TimeEmbedding::forward(const Tensor& t) {
  const int64_t half = config_.waves / 2;
  const double step =
      -std::log(kLongestPeriod) / (static_cast<double>(half) - config_.frequency_shift);
  const Tensor frequencies =
      exp(arange(0, static_cast<double>(half), 1, DType::f32, t.device()) * step);
  const Tensor phase = unsqueeze(cast(t, DType::f32), -1) * frequencies;
  const Tensor waves = config_.cosines_first ? concat({cos(phase), sin(phase)}, -1)
                                             : concat({sin(phase), cos(phase)}, -1);
  return linear_2(linear_1(cast(waves, linear_1.weight.dtype())));
}

UNetBlock::UNetBlock(const UNetBlockConfig& c)
    : norm1({.groups = c.groups, .channels = c.in, .eps = c.eps, .silu = true}),
      conv1({.in = c.in, .out = c.out, .kernel = 3, .padding = 1}),
      time_emb_proj({.in = c.time_width, .out = c.out}),
      norm2({.groups = c.groups, .channels = c.out, .eps = c.eps, .silu = true}),
      conv2({.in = c.out, .out = c.out, .kernel = 3, .padding = 1}) {
  nn::init::constant(conv2.weight, 0);
  nn::init::constant(conv2.bias, 0);
  if (c.in != c.out) conv_shortcut.emplace(nn::Conv2dConfig{.in = c.in, .out = c.out, .kernel = 1});
}

void UNetBlock::members(nn::Visitor& v) {
  v("norm1", norm1)("conv1", conv1)("time_emb_proj", time_emb_proj);
  v("norm2", norm2)("conv2", conv2);
  if (conv_shortcut) v("conv_shortcut", *conv_shortcut);
}

Tensor UNetBlock::operator()(const Tensor& x, const Tensor& time) {
  return nn::observe_call(*this, [&] {
    const Tensor h = conv1(norm1(x));
    const Tensor y = conv2(norm2(h, time_emb_proj(time)));
    return (conv_shortcut ? (*conv_shortcut)(x) : x) + y;
  });
}

UNetAttention::UNetAttention(const UNetAttentionConfig& c)
    : to_q({.in = c.channels, .out = c.channels}),
      to_k({.in = c.channels, .out = c.channels}),
      to_v({.in = c.channels, .out = c.channels}),
      to_out({.in = c.channels, .out = c.channels}) {
  if (c.groups) {
    group_norm.emplace(
        nn::GroupNormConfig{.groups = c.groups, .channels = c.channels, .eps = c.eps});
  }
}

void UNetAttention::members(nn::Visitor& v) {
  if (group_norm) v("group_norm", *group_norm);
  v("to_q", to_q)("to_k", to_k)("to_v", to_v)("to_out.0", to_out);
}

Tensor UNetAttention::forward(const Tensor& x) {
  const int64_t channels = x.size(-1);
  const Tensor rows = reshape(group_norm ? (*group_norm)(x) : x, {x.size(0), -1, channels});
  const Tensor q = to_q(rows), k = to_k(rows), v = to_v(rows);
  const Tensor scores = matmul(q, transpose(k, 1, 2)) * (1 / std::sqrt(channels));
  return x + reshape(to_out(matmul(softmax(scores, -1), v)), x.shape());
}

}  // namespace strata::models
