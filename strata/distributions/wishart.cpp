#include "strata/distributions/wishart.h"

#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/distributions/gaussian.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/linalg.h"
#include "strata/ops/matmul.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

using internal::log_det;
using internal::turned;

namespace {

/// a - 0, a - 1/2, ... a - (n - 1) / 2 along a new last axis.
Tensor steps_down(const Tensor& a, double n) {
  return unsqueeze(a, -1) - arange(0, n, 1, a.dtype(), a.device()) / 2;
}

/// log of the n-dimensional gamma function, and its derivative.
Tensor log_gamma(const Tensor& a, double n) {
  return sum(lgamma(steps_down(a, n)), {-1}) + n * (n - 1) / 4 * std::log(std::numbers::pi);
}
Tensor digamma_sum(const Tensor& a, double n) { return sum(digamma(steps_down(a, n)), {-1}); }

/// [...] as [..., 1, 1].
Tensor for_matrices(const Tensor& x) { return unsqueeze(unsqueeze(x, -1), -1); }

}  // namespace

Wishart::Wishart(const Operand& df, const Spread& spread, bool validate_args)
    : Distribution("Wishart", validate_args) {
  const Tensor& matrix = spread.scale_tril.defined()   ? spread.scale_tril
                         : spread.covariance.defined() ? spread.covariance
                                                       : spread.precision;
  if (!matrix.defined()) {
    throw ValueError("Wishart", "needs one of scale_tril, covariance and precision");
  }
  if (matrix.rank() < 2) {
    throw ShapeError("Wishart", fmt::format("{} is no matrix", describe(matrix)));
  }
  // The vectors' distribution asks of the spread what there is to ask.
  const Tensor none = zeros({matrix.size(-1)}, matrix.dtype(), matrix.device());
  const MultivariateNormal normal(PartOf{name()}, none, spread, validate_args);
  scale_tril_ = normal.scale_tril();
  const Tensor batch = strata::expand(select(none, 0, 0), normal.batch_shape());
  df_ = cast(broadcast({{"df", df}, {"scale_tril", batch}})[0], matrix.dtype());
  set_shapes(batch_shape(), internal::part(matrix.shape(), matrix.rank() - 2, matrix.rank()));
  require("df", df_, "above n - 1", [&] { return df_ > size() - 1; });
}

Wishart Wishart::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Wishart::df_);
}

Tensor Wishart::covariance() const {
  return strata::expand(matmul(scale_tril_, turned(scale_tril_)),
                        joined(batch_shape(), event_shape()));
}

Tensor Wishart::precision() const {
  const Tensor unit = eye(scale_tril_.size(-1), scale_tril_.dtype(), scale_tril_.device());
  const Tensor inverted = solve_triangular(scale_tril_, unit, false);
  return strata::expand(matmul(turned(inverted), inverted), joined(batch_shape(), event_shape()));
}

Tensor Wishart::mean() const { return for_matrices(df_) * covariance(); }

Tensor Wishart::mode() const {
  const Tensor factor = df_ - (size() + 1);
  return for_matrices(where(factor > 0, factor, std::numeric_limits<double>::quiet_NaN())) *
         covariance();
}

Tensor Wishart::stddev() const { return sqrt(variance()); }

Tensor Wishart::variance() const {
  const Tensor v = covariance(), d = diagonal(v, 0, -2, -1);
  return for_matrices(df_) * (square(v) + unsqueeze(d, -1) * unsqueeze(d, -2));
}

Tensor Wishart::entropy() const {
  const double n = size();
  return (n + 1) * (n * std::numbers::ln2 / 2 + log_det(scale_tril_)) + log_gamma(df_ / 2, n) -
         (df_ - n - 1) / 2 * digamma_sum(df_ / 2, n) + df_ * n / 2;
}

Tensor Wishart::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Wishart::rsample(const Shape& shape, Generator& generator) const {
  const int64_t n = scale_tril_.size(-1);
  const Shape all = draw_shape(shape);
  const Tensor half =
      strata::expand(steps_down(df_ / 2, size()), internal::part(all, 0, all.rank() - 1));
  const Tensor logs = internal::log_standard_gamma(half, generator);
  const Tensor roots = exp(0.5 * (logs + std::numbers::ln2));
  const Tensor unit = eye(n, df_.dtype(), df_.device());
  const Tensor factor =
      tril(internal::standard_normal(all, df_, generator), -1) + unit * unsqueeze(roots, -1);
  const Tensor moved = matmul(scale_tril_, factor);
  return matmul(moved, turned(moved));
}

Tensor Wishart::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, df_.dtype());
  require("value", x, "symmetric", [&] { return abs(x - turned(x)) <= 1e-6 + 1e-5 * abs(x); });
  const double n = size();
  return -df_ * (n * std::numbers::ln2 / 2 + log_det(scale_tril_)) - log_gamma(df_ / 2, n) +
         (df_ - n - 1) * log_det(cholesky(x)) - 0.5 * sum(precision() * x, {-2, -1});
}

Tensor kl_divergence(const Wishart& p, const Wishart& q) {
  internal::check_same_events(p, q);
  const auto n = static_cast<double>(p.scale_tril().size(-1));
  const Tensor &a = p.df(), &b = q.df();
  const Tensor ratio = solve_triangular(q.scale_tril(), p.scale_tril(), false);
  const Tensor trace = sum(square(ratio), {-2, -1});
  return b * (log_det(q.scale_tril()) - log_det(p.scale_tril())) + 0.5 * a * (trace - n) +
         log_gamma(b / 2, n) - log_gamma(a / 2, n) + 0.5 * (a - b) * digamma_sum(a / 2, n);
}

}  // namespace strata::distributions
