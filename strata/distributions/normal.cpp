#include "strata/distributions/normal.h"

#include <numbers>

#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace {

constexpr double kLogRootTwoPi = 0.91893853320467274178;  // log(2 pi) / 2

}  // namespace

Normal::Normal(PartOf whole, const Operand& loc, const Operand& scale, bool validate_args)
    : Distribution(whole.name, validate_args) {
  const auto p = broadcast({{"loc", loc}, {"scale", scale}});
  loc_ = p[0];
  scale_ = p[1];
  require_number("loc", loc_);
  require_positive("scale", scale_);
}

Normal Normal::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Normal::loc_, &Normal::scale_);
}

Tensor Normal::variance() const { return square(scale_); }

Tensor Normal::entropy() const { return log(scale_) + (0.5 + kLogRootTwoPi); }

Tensor Normal::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Normal::rsample(const Shape& shape, Generator& generator) const {
  return loc_ + scale_ * internal::standard_normal(draw_shape(shape), loc_, generator);
}

Tensor Normal::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  return -0.5 * square((x - loc_) / scale_) - log(scale_) - kLogRootTwoPi;
}

Tensor Normal::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  return 0.5 * erfc((loc_ - x) / scale_ * std::numbers::sqrt2 * 0.5);
}

Tensor Normal::icdf(const Tensor& probability) const {
  const Tensor p = fitting(probability, loc_.dtype());
  return loc_ + scale_ * erfinv(2 * p - 1) * std::numbers::sqrt2;
}

Tensor kl_divergence(const Normal& p, const Normal& q) {
  const Tensor ratio = square(p.scale() / q.scale());
  return 0.5 * (ratio + square((p.loc() - q.loc()) / q.scale()) - 1 - log(ratio));
}

LogNormal::LogNormal(const Operand& loc, const Operand& scale, bool validate_args)
    : Distribution("LogNormal", validate_args), normal_(PartOf{name()}, loc, scale, validate_args) {
  set_shapes(normal_.batch_shape(), {});
}

LogNormal LogNormal::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &LogNormal::normal_);
}

Tensor LogNormal::mean() const { return exp(loc() + square(scale()) / 2); }

Tensor LogNormal::mode() const { return exp(loc() - square(scale())); }

Tensor LogNormal::stddev() const { return sqrt(variance()); }

Tensor LogNormal::variance() const {
  const Tensor square_scale = square(scale());
  return expm1(square_scale) * exp(2 * loc() + square_scale);
}

Tensor LogNormal::entropy() const { return normal_.entropy() + loc(); }

Tensor LogNormal::sample(const Shape& shape, Generator& generator) const {
  return exp(normal_.sample(shape, generator));
}

Tensor LogNormal::rsample(const Shape& shape, Generator& generator) const {
  return exp(normal_.rsample(shape, generator));
}

Tensor LogNormal::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, loc().dtype());
  require_positive("value", x);
  const Tensor logarithm = log(x);
  return normal_.log_prob(logarithm) - logarithm;
}

Tensor LogNormal::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, loc().dtype());
  require_positive("value", x);
  return normal_.cdf(log(x));
}

Tensor LogNormal::icdf(const Tensor& probability) const { return exp(normal_.icdf(probability)); }

Tensor kl_divergence(const LogNormal& p, const LogNormal& q) {
  return kl_divergence(Normal(p.loc(), p.scale(), false), Normal(q.loc(), q.scale(), false));
}

}  // namespace strata::distributions
