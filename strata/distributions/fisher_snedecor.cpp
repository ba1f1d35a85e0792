#include "strata/distributions/fisher_snedecor.h"

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

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

FisherSnedecor::FisherSnedecor(const Operand& df1, const Operand& df2, bool validate_args)
    : Distribution("FisherSnedecor", validate_args) {
  const auto p = broadcast({{"df1", df1}, {"df2", df2}});
  df1_ = p[0];
  df2_ = p[1];
  require_positive("df1", df1_);
  require_positive("df2", df2_);
}

FisherSnedecor FisherSnedecor::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &FisherSnedecor::df1_, &FisherSnedecor::df2_);
}

Tensor FisherSnedecor::mean() const {
  const Tensor df2 = where(df2_ > 2, df2_, 3);
  return where(df2_ > 2, df2 / (df2 - 2), kNan);
}

Tensor FisherSnedecor::mode() const {
  return where(df1_ > 2, (df1_ - 2) / df1_ * df2_ / (df2_ + 2), kNan);
}

Tensor FisherSnedecor::stddev() const { return sqrt(variance()); }

Tensor FisherSnedecor::variance() const {
  const Tensor df2 = where(df2_ > 4, df2_, 5);
  const Tensor finite = 2 * square(df2 / (df2 - 2)) * (df1_ + df2 - 2) / (df1_ * (df2 - 4));
  return where(df2_ > 4, finite, kNan);
}

Tensor FisherSnedecor::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor FisherSnedecor::rsample(const Shape& shape, Generator& generator) const {
  const Shape all = draw_shape(shape);
  const auto log_mean_square = [&](const Tensor& df) {
    const Tensor half = strata::internal::widened(df) / 2;
    return internal::log_standard_gamma(strata::expand(half, all), generator) - log(half);
  };
  const Tensor above = log_mean_square(df1_), below = log_mean_square(df2_);
  return internal::positive_exp(above - below, df1_.dtype());
}

Tensor FisherSnedecor::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, df1_.dtype());
  require_positive("value", x);
  const Tensor a = df1_ / 2, b = df2_ / 2, ratio = df1_ / df2_;
  return lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(ratio) + (a - 1) * log(x) -
         (a + b) * log1p(ratio * x);
}

}  // namespace strata::distributions
