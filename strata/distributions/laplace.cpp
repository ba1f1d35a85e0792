#include "strata/distributions/laplace.h"

#include <numbers>

#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

Laplace::Laplace(const Operand& loc, const Operand& scale, bool validate_args)
    : Distribution("Laplace", validate_args) {
  const auto p = broadcast({{"loc", loc}, {"scale", scale}});
  loc_ = p[0];
  scale_ = p[1];
  require_number("loc", loc_);
  require_positive("scale", scale_);
}

Laplace Laplace::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Laplace::loc_, &Laplace::scale_);
}

Tensor Laplace::stddev() const { return scale_ * std::numbers::sqrt2; }

Tensor Laplace::variance() const { return 2 * square(scale_); }

Tensor Laplace::entropy() const { return 1 + log(2 * scale_); }

Tensor Laplace::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Laplace::rsample(const Shape& shape, Generator& generator) const {
  const Tensor u = 2 * internal::open_uniform(draw_shape(shape), loc_, generator) - 1;
  return loc_ - scale_ * cast(sign(u) * log1p(-abs(u)), loc_.dtype());
}

Tensor Laplace::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  return -log(2 * scale_) - abs(x - loc_) / scale_;
}

Tensor Laplace::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  const Tensor way = x - loc_;
  return 0.5 - 0.5 * sign(way) * expm1(-abs(way) / scale_);
}

Tensor Laplace::icdf(const Tensor& probability) const {
  const Tensor way = fitting(probability, loc_.dtype()) - 0.5;
  return loc_ - scale_ * sign(way) * log1p(-2 * abs(way));
}

Tensor kl_divergence(const Laplace& p, const Laplace& q) {
  const Tensor ratio = p.scale() / q.scale(), distance = abs(p.loc() - q.loc());
  return -log(ratio) + distance / q.scale() + ratio * exp(-distance / p.scale()) - 1;
}

}  // namespace strata::distributions
