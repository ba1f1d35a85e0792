#include "strata/distributions/half_normal.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

HalfNormal::HalfNormal(const Operand& scale, bool validate_args)
    : Distribution("HalfNormal", validate_args), whole_(PartOf{name()}, 0, scale, validate_args) {
  set_shapes(whole_.batch_shape(), {});
}

HalfNormal HalfNormal::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &HalfNormal::whole_);
}

Tensor HalfNormal::mean() const { return scale() * std::sqrt(2 / std::numbers::pi); }

Tensor HalfNormal::mode() const { return zeros_like(scale()); }

Tensor HalfNormal::stddev() const { return scale() * std::sqrt(1 - 2 / std::numbers::pi); }

Tensor HalfNormal::variance() const { return square(scale()) * (1 - 2 / std::numbers::pi); }

Tensor HalfNormal::entropy() const { return whole_.entropy() - std::numbers::ln2; }

Tensor HalfNormal::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor HalfNormal::rsample(const Shape& shape, Generator& generator) const {
  return abs(whole_.rsample(shape, generator));
}

Tensor HalfNormal::log_prob(const Tensor& value) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Tensor x = fitting(value, scale().dtype());
  require("value", x, "at least 0", [&] { return x >= 0; });
  return where(x < 0, -kInfinity, whole_.log_prob(x) + std::numbers::ln2);
}

Tensor HalfNormal::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, scale().dtype());
  require("value", x, "at least 0", [&] { return x >= 0; });
  return erf(x / scale() * (std::numbers::sqrt2 / 2));
}

Tensor HalfNormal::icdf(const Tensor& probability) const {
  return scale() * erfinv(fitting(probability, scale().dtype())) * std::numbers::sqrt2;
}

Tensor kl_divergence(const HalfNormal& p, const HalfNormal& q) {
  return kl_divergence(Normal(0, p.scale(), false), Normal(0, q.scale(), false));
}

}  // namespace strata::distributions
