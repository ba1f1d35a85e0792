#include "strata/distributions/kumaraswamy.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "strata/base/least_normal.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

Kumaraswamy::Kumaraswamy(const Operand& concentration1, const Operand& concentration0,
                         bool validate_args)
    : Distribution("Kumaraswamy", validate_args) {
  const auto p =
      broadcast({{"concentration1", concentration1}, {"concentration0", concentration0}});
  concentration1_ = p[0];
  concentration0_ = p[1];
  require_positive("concentration1", concentration1_);
  require_positive("concentration0", concentration0_);
}

Kumaraswamy Kumaraswamy::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Kumaraswamy::concentration1_, &Kumaraswamy::concentration0_);
}

Tensor Kumaraswamy::moment(double n) const {
  const Tensor first = 1 + n / concentration1_, &second = concentration0_;
  return second * exp(lgamma(first) + lgamma(second) - lgamma(first + second));
}

Tensor Kumaraswamy::mean() const { return moment(1); }

Tensor Kumaraswamy::mode() const {
  const Tensor &a = concentration1_, &b = concentration0_;
  const Tensor inside = logical_and(logical_and(a >= 1, b >= 1), a * b > 1);
  const Tensor share = (a - 1) / (where(inside, a * b, 2) - 1);
  return where(inside, pow(where(inside, share, 1), 1 / a),
               std::numeric_limits<double>::quiet_NaN());
}

Tensor Kumaraswamy::stddev() const { return sqrt(variance()); }

Tensor Kumaraswamy::variance() const { return moment(2) - square(moment(1)); }

Tensor Kumaraswamy::entropy() const {
  const Tensor &a = concentration1_, &b = concentration0_;
  return 1 - 1 / b + (1 - 1 / a) * (digamma(b + 1) + std::numbers::egamma) - log(a) - log(b);
}

Tensor Kumaraswamy::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Kumaraswamy::rsample(const Shape& shape, Generator& generator) const {
  using strata::internal::widened;
  const Tensor a = widened(concentration1_), b = widened(concentration0_);
  const Tensor wait = internal::standard_exponential(draw_shape(shape), a, generator);
  const DType dtype = concentration1_.dtype();
  // By logarithms, held inside before the exponential: the ends would make NaN gradients.
  const Tensor log_rest =
      clamp(-wait / b, std::log(least_normal(a.dtype())), -least_normal(a.dtype()));
  const Tensor log_x = clamp(log(-expm1(log_rest)) / a, std::log(least_normal(dtype)));
  return clamp(cast(exp(log_x), dtype), least_normal(dtype), 1 - internal::epsilon(dtype) / 2);
}

Tensor Kumaraswamy::log_prob(const Tensor& value) const {
  const Tensor &a = concentration1_, &b = concentration0_;
  const Tensor x = fitting(value, a.dtype());
  require("value", x, "in [0, 1]", [&] { return logical_and(x >= 0, x <= 1); });
  return log(a) + log(b) + xlogy(a - 1, x) + xlogy(b - 1, -expm1(a * log(x)));
}

Tensor Kumaraswamy::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, concentration1_.dtype());
  require("value", x, "in [0, 1]", [&] { return logical_and(x >= 0, x <= 1); });
  return -expm1(concentration0_ * log1p(-pow(x, concentration1_)));
}

Tensor Kumaraswamy::icdf(const Tensor& probability) const {
  const Tensor rest = log1p(-fitting(probability, concentration1_.dtype())) / concentration0_;
  return pow(-expm1(rest), 1 / concentration1_);
}

}  // namespace strata::distributions
