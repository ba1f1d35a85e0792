#include "strata/distributions/inverse_gamma.h"

#include <limits>

#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

InverseGamma::InverseGamma(const Operand& concentration, const Operand& rate, bool validate_args)
    : Distribution("InverseGamma", validate_args),
      gamma_(PartOf{name()}, concentration, rate, validate_args) {
  set_shapes(gamma_.batch_shape(), {});
}

InverseGamma InverseGamma::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &InverseGamma::gamma_);
}

Tensor InverseGamma::mean() const {
  const Tensor finite = concentration() > 1;
  return where(finite, rate() / (where(finite, concentration(), 2) - 1), kInfinity);
}

Tensor InverseGamma::mode() const { return rate() / (concentration() + 1); }

Tensor InverseGamma::stddev() const { return sqrt(variance()); }

Tensor InverseGamma::variance() const {
  const Tensor finite = concentration() > 2, c = where(finite, concentration(), 3);
  return where(finite, square(rate() / (c - 1)) / (c - 2), kInfinity);
}

Tensor InverseGamma::entropy() const {
  const Tensor& c = concentration();
  return c + log(rate()) + lgamma(c) - (1 + c) * digamma(c);
}

Tensor InverseGamma::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor InverseGamma::rsample(const Shape& shape, Generator& generator) const {
  using strata::internal::widened;
  const Tensor wide = strata::expand(widened(concentration()), draw_shape(shape));
  const Tensor logs = internal::log_standard_gamma(wide, generator);
  return internal::positive_exp(log(widened(rate())) - logs, rate().dtype());
}

Tensor InverseGamma::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, rate().dtype());
  require_positive("value", x);
  return concentration() * log(rate()) - lgamma(concentration()) - (concentration() + 1) * log(x) -
         rate() / x;
}

Tensor InverseGamma::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, rate().dtype());
  require_positive("value", x);
  return igammac(concentration(), rate() / x);
}

Tensor kl_divergence(const InverseGamma& p, const InverseGamma& q) {
  return kl_divergence(p.gamma(), q.gamma());
}

}  // namespace strata::distributions
