#include "strata/distributions/pareto.h"

#include <cmath>
#include <limits>

#include "strata/base/largest_finite.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// log(1 + c z) / c, and its limit z for a c that counts as 0, as PyTorch's do. At the upper end
/// rounding may have made c z less than -1.
Tensor log_over(const Tensor& c, const Tensor& z) {
  const Tensor none = abs(c) <= 1e-8, safe = where(none, 1, c);
  return where(none, z, log1p(clamp(safe * where(none, 0, z), -1)) / safe);
}

}  // namespace

Pareto::Pareto(const Operand& scale, const Operand& alpha, bool validate_args)
    : Distribution("Pareto", validate_args) {
  const auto p = broadcast({{"scale", scale}, {"alpha", alpha}});
  scale_ = p[0];
  alpha_ = p[1];
  require_positive("scale", scale_);
  require_positive("alpha", alpha_);
}

Pareto Pareto::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Pareto::scale_, &Pareto::alpha_);
}

Tensor Pareto::mean() const {
  const Tensor finite = alpha_ > 1, a = where(finite, alpha_, 2);
  return where(finite, a * scale_ / (a - 1), kInfinity);
}

Tensor Pareto::stddev() const { return sqrt(variance()); }

Tensor Pareto::variance() const {
  const Tensor finite = alpha_ > 2, a = where(finite, alpha_, 3);
  return where(finite, square(scale_ / (a - 1)) * a / (a - 2), kInfinity);
}

Tensor Pareto::entropy() const { return log(scale_ / alpha_) + 1 + 1 / alpha_; }

Tensor Pareto::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Pareto::rsample(const Shape& shape, Generator& generator) const {
  using strata::internal::widened;
  const Tensor scale = widened(scale_);
  const Tensor wait = internal::standard_exponential(draw_shape(shape), scale, generator);
  const DType dtype = scale_.dtype();
  // Before the exponential, so that draws beyond the dtype's numbers do not make NaN.
  const Tensor most = std::log(largest_finite(dtype) / 2) - clamp(log(scale.detach()), 0);
  const Tensor times = exp(minimum(wait / widened(alpha_), most));
  const Tensor x = clamp(cast(scale * times, dtype), 0, largest_finite(dtype));
  // The product may have been rounded to below the scale.
  return x + (maximum(x.detach(), scale_.detach()) - x.detach());
}

void Pareto::require_support(const Tensor& x) const {
  require("value", x, "at least scale", [&] { return x >= scale_; });
}

Tensor Pareto::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, scale_.dtype());
  require_support(x);
  return log(alpha_) + alpha_ * log(scale_) - (alpha_ + 1) * log(x);
}

Tensor Pareto::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, scale_.dtype());
  require_support(x);
  return -expm1(alpha_ * log(scale_ / x));
}

Tensor Pareto::icdf(const Tensor& probability) const {
  return scale_ * exp(-log1p(-fitting(probability, scale_.dtype())) / alpha_);
}

Tensor kl_divergence(const Pareto& p, const Pareto& q) {
  const Tensor ratio = q.alpha() / p.alpha();
  const Tensor finite = q.alpha() * log(p.scale() / q.scale()) - log(ratio) + ratio - 1;
  return where(p.scale() < q.scale(), kInfinity, finite);
}

GeneralizedPareto::GeneralizedPareto(const Operand& loc, const Operand& scale,
                                     const Operand& concentration, bool validate_args)
    : Distribution("GeneralizedPareto", validate_args) {
  const auto p = broadcast({{"loc", loc}, {"scale", scale}, {"concentration", concentration}});
  loc_ = p[0];
  scale_ = p[1];
  concentration_ = p[2];
  require_number("loc", loc_);
  require_positive("scale", scale_);
  require_number("concentration", concentration_);
}

GeneralizedPareto GeneralizedPareto::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &GeneralizedPareto::loc_, &GeneralizedPareto::scale_,
                  &GeneralizedPareto::concentration_);
}

Tensor GeneralizedPareto::mean() const {
  const Tensor finite = concentration_ < 1;
  return where(finite, loc_ + scale_ / (1 - where(finite, concentration_, 0)), kNan);
}

Tensor GeneralizedPareto::stddev() const { return sqrt(variance()); }

Tensor GeneralizedPareto::variance() const {
  const Tensor finite = concentration_ < 0.5, c = where(finite, concentration_, 0);
  return where(finite, square(scale_ / (1 - c)) / (1 - 2 * c), kNan);
}

Tensor GeneralizedPareto::entropy() const { return log(scale_) + concentration_ + 1; }

Tensor GeneralizedPareto::end() const {
  const Tensor ends = concentration_ < 0;
  return where(ends, loc_ - scale_ / where(ends, concentration_, -1), kInfinity);
}

Tensor GeneralizedPareto::at(const Tensor& wait) const {
  const Tensor none = abs(concentration_) <= 1e-8, c = where(none, 1, concentration_);
  return loc_ + scale_ * where(none, wait, expm1(c * wait) / c);
}

Tensor GeneralizedPareto::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor GeneralizedPareto::rsample(const Shape& shape, Generator& generator) const {
  using strata::internal::widened;
  const GeneralizedPareto wide(widened(loc_), widened(scale_), widened(concentration_), false);
  const Tensor wait = internal::standard_exponential(draw_shape(shape), wide.loc(), generator);
  // Before the exponential, as above; below 1 no draw comes near it.
  const double log_most = std::log(largest_finite(wide.loc().dtype()) / 2);
  const Tensor x = wide.at(minimum(wait, log_most / clamp(wide.concentration(), 1)));
  const double most = largest_finite(loc_.dtype());
  return minimum(clamp(cast(x, loc_.dtype()), -most, most), end());
}

Tensor GeneralizedPareto::checked(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require("value", x, "in the support", [&] { return logical_and(x >= loc_, x <= end()); });
  return x;
}

Tensor GeneralizedPareto::log_prob(const Tensor& value) const {
  const Tensor z = (checked(value) - loc_) / scale_;
  // Uniform for c = -1, at the upper end too.
  const Tensor flat = concentration_ == -1;
  const Tensor fall = (1 + concentration_) * log_over(concentration_, where(flat, 0, z));
  return -log(scale_) - fall;
}

Tensor GeneralizedPareto::cdf(const Tensor& value) const {
  const Tensor z = (checked(value) - loc_) / scale_;
  return -expm1(-log_over(concentration_, z));
}

Tensor GeneralizedPareto::icdf(const Tensor& probability) const {
  return at(-log1p(-fitting(probability, loc_.dtype())));
}

}  // namespace strata::distributions
