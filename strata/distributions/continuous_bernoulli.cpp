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

Tensor log_odds(const Tensor& p) { return log(p) - log1p(-p); }

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

Tensor ContinuousBernoulli::probs_apart() const { return where(apart(), probs(), kLow); }

Tensor ContinuousBernoulli::log_norm() const {
  const Tensor p = probs_apart(), x = square(probs() - 0.5);
  const Tensor taylor = std::numbers::ln2 + (4.0 / 3 + 104.0 / 45 * x) * x;
  return where(apart(), log(log_odds(p) / (2 * p - 1)), taylor);
}

Tensor ContinuousBernoulli::mean() const {
  const Tensor p = probs_apart(), x = probs() - 0.5;
  const Tensor taylor = 0.5 + (1.0 / 3 + 16.0 / 45 * square(x)) * x;
  return where(apart(), p / (2 * p - 1) - 1 / log_odds(p), taylor);
}

Tensor ContinuousBernoulli::stddev() const { return sqrt(variance()); }

Tensor ContinuousBernoulli::variance() const {
  const Tensor p = probs_apart(), x = square(probs() - 0.5);
  const Tensor taylor = 1.0 / 12 - (1.0 / 15 - 128.0 / 945 * x) * x;
  return where(apart(), p * (p - 1) / square(1 - 2 * p) + 1 / square(log_odds(p)), taylor);
}

Tensor ContinuousBernoulli::entropy() const {
  const Tensor p = probs();
  return -mean() * log_odds(p) - log_norm() - log1p(-p);
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
  const Tensor l = log_odds(probs_apart()), x = fitting(value, l.dtype());
  require("value", x, "in [0, 1]", [&] { return logical_and(x >= 0, x <= 1); });
  return clamp(where(apart(), expm1(x * l) / expm1(l), x), 0, 1);
}

Tensor ContinuousBernoulli::icdf(const Tensor& probability) const {
  const Tensor l = log_odds(probs_apart()), u = fitting(probability, l.dtype());
  return where(apart(), log1p(u * expm1(l)) / l, u);
}

Tensor kl_divergence(const ContinuousBernoulli& p, const ContinuousBernoulli& q) {
  return p.mean() * (p.logits() - q.logits()) + p.log_norm() + log1p(-p.probs()) - q.log_norm() -
         log1p(-q.probs());
}

}  // namespace strata::distributions
