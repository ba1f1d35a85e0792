#include "strata/distributions/uniform.h"

#include <cmath>
#include <limits>

#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

Uniform::Uniform(const Operand& low, const Operand& high, bool validate_args)
    : Distribution("Uniform", validate_args) {
  const auto p = broadcast({{"low", low}, {"high", high}});
  low_ = p[0];
  high_ = p[1];
  require("low", low_, "below high", [&] { return low_ < high_; });
}

Uniform Uniform::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Uniform::low_, &Uniform::high_);
}

Tensor Uniform::mean() const { return (low_ + high_) / 2; }

Tensor Uniform::stddev() const { return (high_ - low_) / std::sqrt(12); }

Tensor Uniform::variance() const { return square(high_ - low_) / 12; }

Tensor Uniform::entropy() const { return log(high_ - low_); }

Tensor Uniform::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Uniform::rsample(const Shape& shape, Generator& generator) const {
  using strata::internal::widened;
  const Tensor low = widened(low_), width = widened(high_) - low;
  const Tensor u = rand(draw_shape(shape), 0, 1, low.dtype(), low.device(), generator);
  const Tensor x = cast(low + u * width, low_.dtype());
  // Rounding may have reached high; the gradient is as if it had not.
  const Tensor most = maximum(internal::next_below(high_.detach()), low_.detach());
  return x + (minimum(x.detach(), most) - x.detach());
}

void Uniform::require_support(const Tensor& x) const {
  require("value", x, "in [low, high]", [&] { return logical_and(low_ <= x, x <= high_); });
}

Tensor Uniform::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, low_.dtype());
  require_support(x);
  const Tensor inside = logical_and(low_ <= x, x < high_);
  const Tensor width = log(high_ - low_);
  return where(inside, zeros_like(width), -kInfinity) - width;
}

Tensor Uniform::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, low_.dtype());
  require_support(x);
  return clamp((x - low_) / (high_ - low_), 0, 1);
}

Tensor Uniform::icdf(const Tensor& probability) const {
  return low_ + fitting(probability, low_.dtype()) * (high_ - low_);
}

Tensor kl_divergence(const Uniform& p, const Uniform& q) {
  const Tensor beyond = logical_or(q.low() > p.low(), q.high() < p.high());
  return where(beyond, kInfinity, log((q.high() - q.low()) / (p.high() - p.low())));
}

}  // namespace strata::distributions
