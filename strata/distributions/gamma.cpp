#include "strata/distributions/gamma.h"

#include "strata/base/least_normal.h"
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

Gamma::Gamma(const Operand& concentration, const Operand& rate, bool validate_args)
    : Distribution("Gamma", validate_args) {
  const auto p = broadcast({{"concentration", concentration}, {"rate", rate}});
  concentration_ = p[0];
  rate_ = p[1];
  require_positive("concentration", concentration_);
  require_positive("rate", rate_);
}

Tensor Gamma::mean() const { return concentration_ / rate_; }

Tensor Gamma::mode() const { return clamp((concentration_ - 1) / rate_, 0); }

Tensor Gamma::stddev() const { return sqrt(concentration_) / rate_; }

Tensor Gamma::variance() const { return concentration_ / square(rate_); }

Tensor Gamma::entropy() const {
  return concentration_ - log(rate_) + lgamma(concentration_) +
         (1 - concentration_) * digamma(concentration_);
}

Tensor Gamma::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Gamma::rsample(const Shape& shape, Generator& generator) const {
  using strata::internal::widened;
  const Tensor wide = expand(widened(concentration_), draw_shape(shape));
  const Tensor draws = internal::standard_gamma(wide, generator) / widened(rate_);
  const DType dtype = rate_.dtype();
  return clamp(cast(draws, dtype), least_normal(dtype));
}

Tensor Gamma::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, rate_.dtype());
  require("value", x, "at least 0", [&] { return x >= 0; });
  return xlogy(concentration_, rate_) + xlogy(concentration_ - 1, x) - rate_ * x -
         lgamma(concentration_);
}

Tensor kl_divergence(const Gamma& p, const Gamma& q) {
  const Tensor &a = p.concentration(), &b = q.concentration();
  return b * log(p.rate() / q.rate()) + lgamma(b) - lgamma(a) + (a - b) * digamma(a) +
         (q.rate() - p.rate()) * (a / p.rate());
}

}  // namespace strata::distributions
