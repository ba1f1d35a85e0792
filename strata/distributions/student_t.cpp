#include "strata/distributions/student_t.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "strata/base/largest_finite.h"
#include "strata/base/least_normal.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// log(gamma(df / 2) / gamma((df + 1) / 2)) + log(pi) / 2.
Tensor log_beta(const Tensor& df) {
  return lgamma(df / 2) - lgamma((df + 1) / 2) + 0.5 * std::log(std::numbers::pi);
}

}  // namespace

StudentT::StudentT(const Operand& df, const Operand& loc, const Operand& scale, bool validate_args)
    : Distribution("StudentT", validate_args) {
  const auto p = broadcast({{"df", df}, {"loc", loc}, {"scale", scale}});
  df_ = p[0];
  loc_ = p[1];
  scale_ = p[2];
  require_positive("df", df_);
  require_number("loc", loc_);
  require_positive("scale", scale_);
}

StudentT StudentT::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &StudentT::df_, &StudentT::loc_, &StudentT::scale_);
}

Tensor StudentT::mean() const { return where(df_ <= 1, kNan, loc_); }

Tensor StudentT::stddev() const { return sqrt(variance()); }

Tensor StudentT::variance() const {
  const Tensor finite = square(scale_) * df_ / (where(df_ > 2, df_, 3) - 2);
  return where(df_ > 2, finite, where(df_ > 1, full_like(df_, kInfinity), kNan));
}

Tensor StudentT::entropy() const {
  const Tensor slope = digamma((df_ + 1) / 2) - digamma(df_ / 2);
  return log(scale_) + (df_ + 1) / 2 * slope + 0.5 * log(df_) + log_beta(df_);
}

Tensor StudentT::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor StudentT::rsample(const Shape& shape, Generator& generator) const {
  using strata::internal::widened;
  const Shape all = draw_shape(shape);
  const Tensor df = widened(df_);
  const Tensor normal = internal::standard_normal(all, df, generator);
  // By logarithms: the root's slope, the third power of the root, would pass all numbers.
  const Tensor logs = internal::log_standard_gamma(strata::expand(df / 2, all), generator);
  const Tensor log_mean_square = clamp(logs, std::log(least_normal(df.dtype()))) - log(df / 2);
  const Tensor x = widened(loc_) + widened(scale_) * (normal * exp(-0.5 * log_mean_square));
  const double most = largest_finite(df_.dtype());
  return cast(clamp(x, -most, most), df_.dtype());
}

Tensor StudentT::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  const Tensor shape = log1p(square((x - loc_) / scale_) / df_);
  return -0.5 * (df_ + 1) * shape - log(scale_) - 0.5 * log(df_) - log_beta(df_);
}

}  // namespace strata::distributions
