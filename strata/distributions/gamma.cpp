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

Gamma::Gamma(PartOf whole, const Operand& concentration, const Operand& rate, bool validate_args)
    : Distribution(whole.name, validate_args) {
  const auto p = broadcast({{"concentration", concentration}, {"rate", rate}});
  concentration_ = p[0];
  rate_ = p[1];
  require_positive("concentration", concentration_);
  require_positive("rate", rate_);
}

Gamma Gamma::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Gamma::concentration_, &Gamma::rate_);
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
  const Tensor wide = strata::expand(widened(concentration_), draw_shape(shape));
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

Tensor Gamma::cdf(const Tensor& value) const {
  const Tensor x = fitting(value, rate_.dtype());
  require("value", x, "at least 0", [&] { return x >= 0; });
  return igamma(concentration_, rate_ * x);
}

Tensor kl_divergence(const Gamma& p, const Gamma& q) {
  const Tensor &a = p.concentration(), &b = q.concentration();
  return b * log(p.rate() / q.rate()) + lgamma(b) - lgamma(a) + (a - b) * digamma(a) +
         (q.rate() - p.rate()) * (a / p.rate());
}

Chi2::Chi2(const Operand& df, bool validate_args)
    : Distribution("Chi2", validate_args),
      df_(broadcast({{"df", df}})[0]),
      gamma_(PartOf{name()}, df_ / 2, 0.5, false) {
  require_positive("df", df_);
}

Chi2 Chi2::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Chi2::df_, &Chi2::gamma_);
}

Tensor Chi2::sample(const Shape& shape, Generator& generator) const {
  return gamma_.sample(shape, generator);
}

Tensor Chi2::rsample(const Shape& shape, Generator& generator) const {
  return gamma_.rsample(shape, generator);
}

Tensor Chi2::checked(const Tensor& value) const {
  const Tensor x = fitting(value, df_.dtype());
  require("value", x, "at least 0", [&] { return x >= 0; });
  return x;
}

Tensor Chi2::log_prob(const Tensor& value) const { return gamma_.log_prob(checked(value)); }

Tensor Chi2::cdf(const Tensor& value) const { return gamma_.cdf(checked(value)); }

Tensor kl_divergence(const Chi2& p, const Chi2& q) { return kl_divergence(p.gamma(), q.gamma()); }

}  // namespace strata::distributions
