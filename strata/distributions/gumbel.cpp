#include "strata/distributions/gumbel.h"

#include <cmath>
#include <numbers>

#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace {

constexpr double kEuler = std::numbers::egamma;

}  // namespace

Gumbel::Gumbel(const Operand& loc, const Operand& scale, bool validate_args)
    : Distribution("Gumbel", validate_args) {
  const auto p = broadcast({{"loc", loc}, {"scale", scale}});
  loc_ = p[0];
  scale_ = p[1];
  require_number("loc", loc_);
  require_positive("scale", scale_);
}

Gumbel Gumbel::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Gumbel::loc_, &Gumbel::scale_);
}

Tensor Gumbel::mean() const { return loc_ + scale_ * kEuler; }

Tensor Gumbel::stddev() const { return scale_ * (std::numbers::pi / std::sqrt(6)); }

Tensor Gumbel::variance() const { return square(stddev()); }

Tensor Gumbel::entropy() const { return log(scale_) + (1 + kEuler); }

Tensor Gumbel::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Gumbel::rsample(const Shape& shape, Generator& generator) const {
  return loc_ + scale_ * internal::standard_gumbel(draw_shape(shape), loc_, generator);
}

Tensor Gumbel::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  const Tensor y = (loc_ - x) / scale_;
  return y - exp(y) - log(scale_);
}

Tensor Gumbel::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  return exp(-exp((loc_ - x) / scale_));
}

Tensor Gumbel::icdf(const Tensor& probability) const {
  return loc_ - scale_ * log(-log(fitting(probability, loc_.dtype())));
}

Tensor kl_divergence(const Gumbel& p, const Gumbel& q) {
  const Tensor ratio = p.scale() / q.scale(), way = (q.loc() - p.loc()) / q.scale();
  return ratio * kEuler - log(ratio) - way + exp(way + lgamma(1 + ratio)) - (1 + kEuler);
}

}  // namespace strata::distributions
