#include "strata/distributions/exponential.h"

#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

Exponential::Exponential(const Operand& rate, bool validate_args)
    : Distribution("Exponential", validate_args), rate_(broadcast({{"rate", rate}})[0]) {
  require_positive("rate", rate_);
}

Exponential Exponential::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Exponential::rate_);
}

Tensor Exponential::mean() const { return reciprocal(rate_); }

Tensor Exponential::mode() const { return zeros_like(rate_); }

Tensor Exponential::stddev() const { return reciprocal(rate_); }

Tensor Exponential::variance() const { return reciprocal(square(rate_)); }

Tensor Exponential::entropy() const { return 1 - log(rate_); }

Tensor Exponential::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Exponential::rsample(const Shape& shape, Generator& generator) const {
  return internal::standard_exponential(draw_shape(shape), rate_, generator) / rate_;
}

Tensor Exponential::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, rate_.dtype());
  require("value", x, "at least 0", [&] { return x >= 0; });
  return log(rate_) - rate_ * x;
}

Tensor Exponential::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, rate_.dtype());
  require("value", x, "at least 0", [&] { return x >= 0; });
  return -expm1(-(rate_ * x));
}

Tensor Exponential::icdf(const Tensor& probability) const {
  return -log1p(-fitting(probability, rate_.dtype())) / rate_;
}

Tensor kl_divergence(const Exponential& p, const Exponential& q) {
  const Tensor ratio = q.rate() / p.rate();
  return ratio - 1 - log(ratio);
}

}  // namespace strata::distributions
