#include "strata/distributions/weibull.h"

#include <numbers>

#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

Weibull::Weibull(const Operand& scale, const Operand& concentration, bool validate_args)
    : Distribution("Weibull", validate_args) {
  const auto p = broadcast({{"scale", scale}, {"concentration", concentration}});
  scale_ = p[0];
  concentration_ = p[1];
  require_positive("scale", scale_);
  require_positive("concentration", concentration_);
}

Weibull Weibull::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Weibull::scale_, &Weibull::concentration_);
}

Tensor Weibull::mean() const { return scale_ * exp(lgamma(1 + 1 / concentration_)); }

Tensor Weibull::mode() const {
  return scale_ * pow(clamp(1 - 1 / concentration_, 0), 1 / concentration_);
}

Tensor Weibull::stddev() const { return sqrt(variance()); }

Tensor Weibull::variance() const {
  const Tensor inverse = 1 / concentration_;
  return square(scale_) * (exp(lgamma(1 + 2 * inverse)) - exp(2 * lgamma(1 + inverse)));
}

Tensor Weibull::entropy() const {
  return std::numbers::egamma * (1 - 1 / concentration_) + log(scale_ / concentration_) + 1;
}

Tensor Weibull::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Weibull::rsample(const Shape& shape, Generator& generator) const {
  using strata::internal::widened;
  const Tensor scale = widened(scale_);
  const Tensor wait = internal::standard_exponential(draw_shape(shape), scale, generator);
  return internal::positive_exp(log(scale) + log(wait) / widened(concentration_), scale_.dtype());
}

Tensor Weibull::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, scale_.dtype());
  require_positive("value", x);
  const Tensor log_ratio = log(x) - log(scale_);
  return log(concentration_ / scale_) + (concentration_ - 1) * log_ratio -
         exp(concentration_ * log_ratio);
}

Tensor Weibull::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, scale_.dtype());
  require_positive("value", x);
  return -expm1(-pow(x / scale_, concentration_));
}

Tensor Weibull::icdf(const Tensor& probability) const {
  return scale_ * pow(-log1p(-fitting(probability, scale_.dtype())), 1 / concentration_);
}

}  // namespace strata::distributions
