#include "strata/distributions/low_rank_multivariate_normal.h"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/distributions/gaussian.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/linalg.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

using internal::check_same_events;
using internal::log_det;
using internal::turned;
using internal::whitened;

namespace {

constexpr const char* kName = "LowRankMultivariateNormal";

/// The sum of the squares of each matrix: trace(x x^T).
Tensor squares(const Tensor& x) { return sum(square(x), {-2, -1}); }

Tensor diagonal_matrix(const Tensor& diagonal) {
  const Tensor unit = eye(diagonal.size(-1), diagonal.dtype(), diagonal.device());
  return unit * unsqueeze(diagonal, -1);
}

/// W^T D^-1 [..., m, n].
Tensor scaled_factor(const Tensor& factor, const Tensor& diagonal) {
  return turned(factor / unsqueeze(diagonal, -1));
}

/// A of precision = D^-1 - A^T A.
Tensor correction(const LowRankMultivariateNormal& d) {
  return solve_triangular(d.capacitance_tril(), scaled_factor(d.cov_factor(), d.cov_diag()), false);
}

Tensor log_det_covariance(const LowRankMultivariateNormal& d) {
  return 2 * log_det(d.capacitance_tril()) + sum(log(d.cov_diag()), {-1});
}

/// x^T precision x.
Tensor distance(const LowRankMultivariateNormal& d, const Tensor& x) {
  const Tensor projected =
      squeeze(matmul(scaled_factor(d.cov_factor(), d.cov_diag()), unsqueeze(x, -1)), -1);
  return sum(square(x) / d.cov_diag(), {-1}) -
         sum(square(whitened(d.capacitance_tril(), projected)), {-1});
}

/// trace(precision factor factor^T).
Tensor trace_ratio(const LowRankMultivariateNormal& d, const Tensor& factor) {
  return squares(factor / unsqueeze(sqrt(d.cov_diag()), -1)) -
         squares(matmul(correction(d), factor));
}

void check_arguments(const Tensor& loc, const Tensor& factor, const Tensor& diagonal) {
  const int axes = factor.rank();
  if (loc.rank() < 1 || axes < 2 || diagonal.rank() < 1 || factor.size(-2) != loc.size(-1) ||
      diagonal.size(-1) != loc.size(-1)) {
    throw ShapeError(kName, fmt::format("loc {} does not fit cov_factor {} and cov_diag {}",
                                        describe(loc), describe(factor), describe(diagonal)));
  }
  if (loc.size(-1) == 0 || factor.size(-1) == 0) {
    throw ShapeError(kName, fmt::format("cov_factor {} is empty", describe(factor)));
  }
  for (const Tensor* t : {&loc, &factor, &diagonal}) {
    if (t->dtype() == loc.dtype() && (t->dtype() == DType::f32 || t->dtype() == DType::f64)) {
      continue;
    }
    throw DTypeError(kName, fmt::format("takes three of f32 or f64, got {}, {} and {}",
                                        describe(loc), describe(factor), describe(diagonal)));
  }
}

}  // namespace

LowRankMultivariateNormal::LowRankMultivariateNormal(const Tensor& loc, const Tensor& cov_factor,
                                                     const Tensor& cov_diag, bool validate_args)
    : Distribution(kName, validate_args), cov_factor_(cov_factor), cov_diag_(cov_diag) {
  check_arguments(loc, cov_factor, cov_diag);
  Shape batch = internal::part(loc.shape(), 0, loc.rank() - 1);
  batch =
      broadcast_shapes(kName, batch, internal::part(cov_factor.shape(), 0, cov_factor.rank() - 2));
  batch = broadcast_shapes(kName, batch, internal::part(cov_diag.shape(), 0, cov_diag.rank() - 1));
  set_shapes(batch, {loc.size(-1)});
  loc_ = strata::expand(loc, joined(batch, event_shape()));
  require_number("loc", loc_);
  require_number("cov_factor", cov_factor_);
  require_positive("cov_diag", cov_diag_);
  const Tensor unit = eye(cov_factor.size(-1), loc.dtype(), loc.device());
  capacitance_tril_ = cholesky(unit + matmul(scaled_factor(cov_factor_, cov_diag_), cov_factor_));
}

LowRankMultivariateNormal LowRankMultivariateNormal::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &LowRankMultivariateNormal::loc_);
}

Shape LowRankMultivariateNormal::matrix_shape() const {
  return joined(joined(batch_shape(), event_shape()), event_shape());
}

Tensor LowRankMultivariateNormal::covariance() const {
  const Tensor products = matmul(cov_factor_, turned(cov_factor_));
  return strata::expand(products + diagonal_matrix(cov_diag_), matrix_shape());
}

Tensor LowRankMultivariateNormal::precision() const {
  const Tensor a = correction(*this);
  return strata::expand(diagonal_matrix(1 / cov_diag_) - matmul(turned(a), a), matrix_shape());
}

Tensor LowRankMultivariateNormal::scale_tril() const {
  // sqrt(D) (1 + D^-1/2 W W^T D^-1/2) sqrt(D): no eigenvalue of the middle is below 1.
  const Tensor roots = unsqueeze(sqrt(cov_diag_), -1), factor = cov_factor_ / roots;
  const Tensor unit = eye(loc_.size(-1), loc_.dtype(), loc_.device());
  return strata::expand(roots * cholesky(unit + matmul(factor, turned(factor))), matrix_shape());
}

Tensor LowRankMultivariateNormal::stddev() const { return sqrt(variance()); }

Tensor LowRankMultivariateNormal::variance() const {
  return strata::expand(sum(square(cov_factor_), {-1}) + cov_diag_, loc_.shape());
}

Tensor LowRankMultivariateNormal::entropy() const {
  const double each = 1 + std::log(2 * std::numbers::pi);
  const Tensor twice = log_det_covariance(*this) + each * static_cast<double>(loc_.size(-1));
  return strata::expand(0.5 * twice, batch_shape());
}

Tensor LowRankMultivariateNormal::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor LowRankMultivariateNormal::rsample(const Shape& shape, Generator& generator) const {
  const Shape all = draw_shape(shape);
  Shape columns = all;
  columns.back() = cov_factor_.size(-1);
  const Tensor along = internal::standard_normal(columns, loc_, generator);
  const Tensor each = internal::standard_normal(all, loc_, generator);
  return loc_ + squeeze(matmul(cov_factor_, unsqueeze(along, -1)), -1) + sqrt(cov_diag_) * each;
}

Tensor LowRankMultivariateNormal::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  const double constant = std::log(2 * std::numbers::pi) * static_cast<double>(loc_.size(-1));
  return -0.5 * (distance(*this, x - loc_) + log_det_covariance(*this) + constant);
}

Tensor kl_divergence(const LowRankMultivariateNormal& p, const LowRankMultivariateNormal& q) {
  check_same_events(p, q);
  const Tensor trace = sum(p.cov_diag() / q.cov_diag(), {-1}) -
                       squares(correction(q) * unsqueeze(sqrt(p.cov_diag()), -2)) +
                       trace_ratio(q, p.cov_factor());
  return 0.5 * (log_det_covariance(q) - log_det_covariance(p) + trace +
                distance(q, q.loc() - p.loc()) - static_cast<double>(p.loc().size(-1)));
}

Tensor kl_divergence(const MultivariateNormal& p, const LowRankMultivariateNormal& q) {
  check_same_events(p, q);
  return 0.5 *
         (log_det_covariance(q) - 2 * log_det(p.scale_tril()) + trace_ratio(q, p.scale_tril()) +
          distance(q, q.loc() - p.loc()) - static_cast<double>(p.loc().size(-1)));
}

Tensor kl_divergence(const LowRankMultivariateNormal& p, const MultivariateNormal& q) {
  check_same_events(p, q);
  const Tensor roots = diagonal_matrix(sqrt(p.cov_diag()));
  const Tensor trace = squares(solve_triangular(q.scale_tril(), p.cov_factor(), false)) +
                       squares(solve_triangular(q.scale_tril(), roots, false));
  const Tensor way = sum(square(whitened(q.scale_tril(), q.loc() - p.loc())), {-1});
  return 0.5 * (2 * log_det(q.scale_tril()) - log_det_covariance(p) + trace + way -
                static_cast<double>(p.loc().size(-1)));
}

}  // namespace strata::distributions
