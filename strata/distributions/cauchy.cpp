#include "strata/distributions/cauchy.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "strata/base/largest_finite.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kPi = std::numbers::pi;

/// tan(pi v) for v in [-1/2, 1/2]; near the ends by the complement, which has all its digits.
Tensor tan_of_half_turns(const Tensor& v) {
  const Tensor size = abs(v), middle = size < 0.25;
  return where(middle, tan(kPi * where(middle, v, 0)),
               sign(v) / tan(kPi * (0.5 - where(middle, 0, size))));
}

/// Of loc 0 and scale 1, computed in f32 at least.
Tensor standard_cauchy(const Shape& shape, const Tensor& like, Generator& generator) {
  return tan_of_half_turns(internal::open_uniform(shape, like, generator) - 0.5);
}

Tensor finite(const Tensor& x, DType dtype) {
  const double most = largest_finite(dtype);
  return cast(clamp(x, -most, most), dtype);
}

}  // namespace

Cauchy::Cauchy(PartOf whole, const Operand& loc, const Operand& scale, bool validate_args)
    : Distribution(whole.name, validate_args) {
  const auto p = broadcast({{"loc", loc}, {"scale", scale}});
  loc_ = p[0];
  scale_ = p[1];
  require_number("loc", loc_);
  require_positive("scale", scale_);
}

Cauchy Cauchy::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Cauchy::loc_, &Cauchy::scale_);
}

Tensor Cauchy::mean() const { return full_like(loc_, kNan); }

Tensor Cauchy::variance() const { return full_like(loc_, kInfinity); }

Tensor Cauchy::entropy() const { return std::log(4 * kPi) + log(scale_); }

Tensor Cauchy::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Cauchy::rsample(const Shape& shape, Generator& generator) const {
  using strata::internal::widened;
  const Tensor noise = standard_cauchy(draw_shape(shape), loc_, generator);
  return finite(widened(loc_) + widened(scale_) * noise, loc_.dtype());
}

Tensor Cauchy::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  return -std::log(kPi) - log(scale_) - log1p(square((x - loc_) / scale_));
}

Tensor Cauchy::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  return atan((x - loc_) / scale_) / kPi + 0.5;
}

Tensor Cauchy::icdf(const Tensor& probability) const {
  return loc_ + scale_ * tan_of_half_turns(fitting(probability, loc_.dtype()) - 0.5);
}

Tensor kl_divergence(const Cauchy& p, const Cauchy& q) {
  const Tensor sizes = square(p.scale() + q.scale()) + square(p.loc() - q.loc());
  return log(sizes) - log(4 * p.scale() * q.scale());
}

HalfCauchy::HalfCauchy(const Operand& scale, bool validate_args)
    : Distribution("HalfCauchy", validate_args), whole_(PartOf{name()}, 0, scale, validate_args) {
  set_shapes(whole_.batch_shape(), {});
}

HalfCauchy HalfCauchy::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &HalfCauchy::whole_);
}

Tensor HalfCauchy::mode() const { return zeros_like(scale()); }

Tensor HalfCauchy::entropy() const { return whole_.entropy() - std::numbers::ln2; }

Tensor HalfCauchy::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor HalfCauchy::rsample(const Shape& shape, Generator& generator) const {
  return abs(whole_.rsample(shape, generator));
}

Tensor HalfCauchy::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, scale().dtype());
  require("value", x, "at least 0", [&] { return x >= 0; });
  return where(x < 0, -kInfinity, whole_.log_prob(x) + std::numbers::ln2);
}

Tensor HalfCauchy::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, scale().dtype());
  require("value", x, "at least 0", [&] { return x >= 0; });
  return atan(x / scale()) * (2 / kPi);
}

Tensor HalfCauchy::icdf(const Tensor& probability) const {
  return scale() * tan_of_half_turns(fitting(probability, scale().dtype()) / 2);
}

Tensor kl_divergence(const HalfCauchy& p, const HalfCauchy& q) {
  return kl_divergence(Cauchy(0, p.scale(), false), Cauchy(0, q.scale(), false));
}

}  // namespace strata::distributions
