#include "strata/distributions/continuous_bernoulli.h"

#include <numbers>

#include "strata/distributions/noise.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace {

constexpr double kLow = 0.499, kHigh = 0.501;

}  // namespace

ContinuousBernoulli::ContinuousBernoulli(const ProbsOrLogits& parameter, bool validate_args)
    : Distribution("ContinuousBernoulli", validate_args),
      bits_(PartOf{name()}, parameter, validate_args) {
  set_shapes(bits_.batch_shape(), {});
}

ContinuousBernoulli ContinuousBernoulli::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &ContinuousBernoulli::bits_);
}

Tensor ContinuousBernoulli::probs() const { return internal::inner(bits_.probs()); }

Tensor ContinuousBernoulli::apart() const {
  const Tensor p = probs();
  return logical_or(p <= kLow, p > kHigh);
}

Tensor ContinuousBernoulli::logits_apart() const { return where(apart(), logits(), 1); }

Tensor ContinuousBernoulli::log_norm() const {
  const Tensor l = logits_apart(), x = square(probs() - 0.5);
  const Tensor taylor = std::numbers::ln2 + (4.0 / 3 + 104.0 / 45 * x) * x;
  return where(apart(), log(l / tanh(l / 2)), taylor);
}

Tensor ContinuousBernoulli::mean() const {
  const Tensor l = logits_apart(), x = probs() - 0.5;
  const Tensor taylor = 0.5 + (1.0 / 3 + 16.0 / 45 * square(x)) * x;
  return where(apart(), 0.5 + 0.5 / tanh(l / 2) - 1 / l, taylor);
}

Tensor ContinuousBernoulli::stddev() const { return sqrt(variance()); }

Tensor ContinuousBernoulli::variance() const {
  const Tensor l = logits_apart(), x = square(probs() - 0.5);
  const Tensor taylor = 1.0 / 12 - (1.0 / 15 - 128.0 / 945 * x) * x;
  const Tensor exact = square(1 / l) - sigmoid(l) * sigmoid(-l) / square(tanh(l / 2));
  return where(apart(), exact, taylor);
}

Tensor ContinuousBernoulli::entropy() const {
  const Tensor l = logits();
  return -mean() * l - log_norm() - logsigmoid(-l);
}

Tensor ContinuousBernoulli::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor ContinuousBernoulli::rsample(const Shape& shape, Generator& generator) const {
  const Tensor p = bits_.probs();
  return cast(icdf(internal::open_uniform(draw_shape(shape), p, generator)), p.dtype());
}

Tensor ContinuousBernoulli::log_prob(const Tensor& value) const {
  const Tensor l = logits(), x = fitting(value, l.dtype());
  require("value", x, "in [0, 1]", [&] { return logical_and(x >= 0, x <= 1); });
  return x * l + logsigmoid(-l) + log_norm();
}

Tensor ContinuousBernoulli::cdf(const Tensor& value) const {
  const Tensor l = logits_apart(), x = fitting(value, l.dtype());
  require("value", x, "in [0, 1]", [&] { return logical_and(x >= 0, x <= 1); });
  // (e^(x l) - 1) / (e^l - 1) by powers of e below 1.
  const Tensor down = -abs(l), share = expm1(x * down) / expm1(down);
  return clamp(where(apart(), share * exp(clamp(l, 0) * (x - 1)), x), 0, 1);
}

Tensor ContinuousBernoulli::icdf(const Tensor& probability) const {
  const Tensor l = logits_apart(), u = fitting(probability, l.dtype()), up = l > 0;
  // The inverse of 1 - cdf, for a negative l, is as far from 1 as that of cdf from 0.
  const Tensor way = log1p(where(up, 1 - u, u) * expm1(-abs(l))) / l;
  return where(apart(), where(up, 1 + way, way), u);
}

Tensor kl_divergence(const ContinuousBernoulli& p, const ContinuousBernoulli& q) {
  return p.mean() * (p.logits() - q.logits()) + p.log_norm() + logsigmoid(-p.logits()) -
         q.log_norm() - logsigmoid(-q.logits());
}

}  // namespace strata::distributions
