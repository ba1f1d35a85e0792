#include "strata/distributions/divergences.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"

namespace strata::distributions {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kEuler = std::numbers::egamma;
constexpr double kLogRootTwoPi = 0.91893853320467274178;  // log(2 pi) / 2

// The means of -log q, for what p gives: E[x], E[x^2], E[log x] and so on.

Tensor cost(const Normal& q, const Tensor& mean, const Tensor& variance) {
  return log(q.scale()) + kLogRootTwoPi +
         0.5 * (variance + square(mean - q.loc())) / square(q.scale());
}

Tensor cost(const Exponential& q, const Tensor& mean) { return q.rate() * mean - log(q.rate()); }

Tensor cost(const Gamma& q, const Tensor& mean, const Tensor& mean_log) {
  return lgamma(q.concentration()) - q.concentration() * log(q.rate()) -
         (q.concentration() - 1) * mean_log + q.rate() * mean;
}

/// `log_mean_exp` is log E[e^(-x / scale)]: two exponentials might pass all numbers where their
/// product does not.
Tensor cost(const Gumbel& q, const Tensor& mean, const Tensor& log_mean_exp) {
  return log(q.scale()) + (mean - q.loc()) / q.scale() + exp(log_mean_exp + q.loc() / q.scale());
}

Tensor cost(const ContinuousBernoulli& q, const Tensor& mean) {
  return -mean * q.logits() - logsigmoid(-q.logits()) - q.log_norm();
}

/// log(high - low) where [low, high] holds what p has.
Tensor cost(const Uniform& q, double low, double high) {
  return where(logical_or(q.low() > low, q.high() < high), kInfinity, log(q.high() - q.low()));
}

/// E[log x] of a uniform x in [low, high], low >= 0.
Tensor mean_log(const Tensor& low, const Tensor& high) {
  return (xlogy(high, high) - xlogy(low, low)) / (high - low) - 1;
}

}  // namespace

namespace internal {

Tensor infinite(const Tensor& p, const Tensor& q) {
  return full(broadcast_shapes("kl_divergence", p.shape(), q.shape()), kInfinity, p.dtype(),
              p.device());
}

}  // namespace internal

Tensor kl_divergence(const Bernoulli& p, const Poisson& q) {
  return q.rate() - p.entropy() - xlogy(p.probs(), q.rate());
}

Tensor kl_divergence(const Beta& p, const ContinuousBernoulli& q) {
  return cost(q, p.mean()) - p.entropy();
}
Tensor kl_divergence(const Beta& p, const Exponential& q) {
  return cost(q, p.mean()) - p.entropy();
}
Tensor kl_divergence(const Beta& p, const Gamma& q) {
  const Tensor& a = p.concentration1();
  return cost(q, p.mean(), digamma(a) - digamma(a + p.concentration0())) - p.entropy();
}
Tensor kl_divergence(const Beta& p, const Normal& q) {
  return cost(q, p.mean(), p.variance()) - p.entropy();
}
Tensor kl_divergence(const Beta& p, const Uniform& q) { return cost(q, 0, 1) - p.entropy(); }

Tensor kl_divergence(const ContinuousBernoulli& p, const Exponential& q) {
  return cost(q, p.mean()) - p.entropy();
}
Tensor kl_divergence(const ContinuousBernoulli& p, const Normal& q) {
  return cost(q, p.mean(), p.variance()) - p.entropy();
}
Tensor kl_divergence(const ContinuousBernoulli& p, const Uniform& q) {
  return cost(q, 0, 1) - p.entropy();
}

Tensor kl_divergence(const Exponential& p, const Gamma& q) {
  return cost(q, p.mean(), -kEuler - log(p.rate())) - p.entropy();
}
Tensor kl_divergence(const Exponential& p, const Gumbel& q) {
  return cost(q, p.mean(), -log1p(1 / (p.rate() * q.scale()))) - p.entropy();
}
Tensor kl_divergence(const Exponential& p, const Normal& q) {
  return cost(q, p.mean(), p.variance()) - p.entropy();
}

Tensor kl_divergence(const Gamma& p, const Exponential& q) {
  return cost(q, p.mean()) - p.entropy();
}
Tensor kl_divergence(const Gamma& p, const Gumbel& q) {
  const Tensor log_mean_exp = -p.concentration() * log1p(1 / (p.rate() * q.scale()));
  return cost(q, p.mean(), log_mean_exp) - p.entropy();
}
Tensor kl_divergence(const Gamma& p, const Normal& q) {
  return cost(q, p.mean(), p.variance()) - p.entropy();
}

Tensor kl_divergence(const Gumbel& p, const Normal& q) {
  return cost(q, p.mean(), p.variance()) - p.entropy();
}
Tensor kl_divergence(const Laplace& p, const Normal& q) {
  return cost(q, p.mean(), p.variance()) - p.entropy();
}
Tensor kl_divergence(const Normal& p, const Gumbel& q) {
  const Tensor log_mean_exp = 0.5 * square(p.scale() / q.scale()) - p.loc() / q.scale();
  return cost(q, p.mean(), log_mean_exp) - p.entropy();
}
Tensor kl_divergence(const Normal& p, const Laplace& q) {
  const Tensor way = p.loc() - q.loc(), ratio = way / p.scale();
  const Tensor distance = std::sqrt(2 / std::numbers::pi) * p.scale() * exp(-0.5 * square(ratio)) +
                          way * erf(ratio * (std::numbers::sqrt2 / 2));
  return distance / q.scale() + log(2 * q.scale()) - p.entropy();
}

Tensor kl_divergence(const Pareto& p, const Exponential& q) {
  return cost(q, p.mean()) - p.entropy();
}
Tensor kl_divergence(const Pareto& p, const Gamma& q) {
  return cost(q, p.mean(), log(p.scale()) + 1 / p.alpha()) - p.entropy();
}
Tensor kl_divergence(const Pareto& p, const Normal& q) {
  const Tensor finite = p.alpha() > 2;
  const Pareto inside(p.scale(), where(finite, p.alpha(), 3), false);
  return where(finite, cost(q, inside.mean(), inside.variance()) - inside.entropy(), kInfinity);
}

Tensor kl_divergence(const Uniform& p, const Beta& q) {
  const Tensor beyond = logical_or(p.low() < 0, p.high() > 1);
  const Tensor low = where(beyond, 0, p.low()), high = where(beyond, 1, p.high());
  const Tensor &a = q.concentration1(), &b = q.concentration0();
  const Tensor log_beta = lgamma(a) + lgamma(b) - lgamma(a + b);
  const Tensor finite = log_beta - (a - 1) * mean_log(low, high) -
                        (b - 1) * mean_log(1 - high, 1 - low) - log(high - low);
  return where(beyond, kInfinity, finite);
}
Tensor kl_divergence(const Uniform& p, const ContinuousBernoulli& q) {
  const Tensor beyond = logical_or(p.low() < 0, p.high() > 1);
  return where(beyond, kInfinity, cost(q, p.mean()) - p.entropy());
}
Tensor kl_divergence(const Uniform& p, const Exponential& q) {
  return where(p.low() < 0, kInfinity, cost(q, p.mean()) - p.entropy());
}
Tensor kl_divergence(const Uniform& p, const Gamma& q) {
  const Tensor beyond = p.low() < 0;
  const Tensor low = where(beyond, 0, p.low()), high = where(beyond, 1, p.high());
  const Tensor finite = cost(q, (low + high) / 2, mean_log(low, high)) - log(high - low);
  return where(beyond, kInfinity, finite);
}
Tensor kl_divergence(const Uniform& p, const Gumbel& q) {
  const Tensor width = (p.high() - p.low()) / q.scale();
  const Tensor log_mean_exp = log(-expm1(-width) / width) - p.low() / q.scale();
  return cost(q, p.mean(), log_mean_exp) - p.entropy();
}
Tensor kl_divergence(const Uniform& p, const Normal& q) {
  return cost(q, p.mean(), p.variance()) - p.entropy();
}
Tensor kl_divergence(const Uniform& p, const Pareto& q) {
  const Tensor beyond = p.low() < q.scale();
  const Tensor low = where(beyond, 1, p.low()), high = where(beyond, 2, p.high());
  const Tensor finite = (q.alpha() + 1) * mean_log(low, high) - log(q.alpha()) -
                        q.alpha() * log(q.scale()) - log(high - low);
  return where(beyond, kInfinity, finite);
}

}  // namespace strata::distributions
