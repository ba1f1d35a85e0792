#include "strata/distributions/multivariate_normal.h"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/distributions/gaussian.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/linalg.h"
#include "strata/ops/matmul.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

using internal::log_det;
using internal::tril_of_precision;
using internal::turned;
using internal::whitened;

MultivariateNormal::MultivariateNormal(PartOf whole, const Tensor& loc, const Spread& spread,
                                       bool validate_args)
    : Distribution(whole.name, validate_args) {
  const bool given[] = {spread.scale_tril.defined(), spread.covariance.defined(),
                        spread.precision.defined()};
  if (given[0] + given[1] + given[2] != 1) {
    throw ValueError(name(), "needs one of scale_tril, covariance and precision");
  }
  const Tensor& matrix = given[0]   ? spread.scale_tril
                         : given[1] ? spread.covariance
                                    : spread.precision;
  const int rank = loc.rank(), axes = matrix.rank();
  if (rank < 1 || axes < 2 || matrix.size(-1) != loc.size(-1) || matrix.size(-2) != loc.size(-1)) {
    throw ShapeError(
        name(), fmt::format("loc {} does not fit a matrix {}", describe(loc), describe(matrix)));
  }
  if (loc.size(-1) == 0) throw ShapeError(name(), "the vectors are empty");
  if (loc.dtype() != matrix.dtype() || (loc.dtype() != DType::f32 && loc.dtype() != DType::f64)) {
    throw DTypeError(name(), fmt::format("takes two of f32 or f64, got {} and {}", describe(loc),
                                         describe(matrix)));
  }
  const Shape batch = broadcast_shapes(name(), internal::part(loc.shape(), 0, rank - 1),
                                       internal::part(matrix.shape(), 0, axes - 2));
  set_shapes(batch, {loc.size(-1)});
  loc_ = strata::expand(loc, joined(batch, event_shape()));
  require_number("loc", loc_);
  if (given[0]) {
    require("scale_tril", matrix, "lower triangular", [&] { return tril(matrix) == matrix; });
    const Tensor scales = diagonal(matrix, 0, -2, -1);
    require_positive("the diagonal of scale_tril", scales);
    scale_tril_ = matrix;
    return;
  }
  require(given[1] ? "covariance" : "precision", matrix, "symmetric",
          [&] { return abs(matrix - turned(matrix)) <= 1e-6 + 1e-5 * abs(matrix); });
  scale_tril_ = given[1] ? cholesky(matrix) : tril_of_precision(matrix);
}

MultivariateNormal MultivariateNormal::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &MultivariateNormal::loc_);
}

Shape MultivariateNormal::matrix_shape() const {
  return joined(joined(batch_shape(), event_shape()), event_shape());
}

Tensor MultivariateNormal::covariance() const {
  return strata::expand(matmul(scale_tril_, turned(scale_tril_)), matrix_shape());
}

Tensor MultivariateNormal::precision() const {
  const Tensor unit = eye(scale_tril_.size(-1), scale_tril_.dtype(), scale_tril_.device());
  const Tensor inverted = solve_triangular(scale_tril_, unit, false);
  return strata::expand(matmul(turned(inverted), inverted), matrix_shape());
}

Tensor MultivariateNormal::stddev() const { return sqrt(variance()); }

Tensor MultivariateNormal::variance() const {
  return strata::expand(sum(square(scale_tril_), {-1}), loc_.shape());
}

Tensor MultivariateNormal::entropy() const {
  const double each = 0.5 + 0.5 * std::log(2 * std::numbers::pi);
  return strata::expand(log_det(scale_tril_) + each * static_cast<double>(loc_.size(-1)),
                        batch_shape());
}

Tensor MultivariateNormal::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor MultivariateNormal::rsample(const Shape& shape, Generator& generator) const {
  const Tensor noise = internal::standard_normal(draw_shape(shape), loc_, generator);
  if (scale_tril_.rank() == 2 && noise.rank() > 1) return loc_ + matmul(noise, turned(scale_tril_));
  return loc_ + squeeze(matmul(scale_tril_, unsqueeze(noise, -1)), -1);
}

Tensor MultivariateNormal::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  const Tensor distance = sum(square(whitened(scale_tril_, x - loc_)), {-1});
  const double constant = std::log(2 * std::numbers::pi) * static_cast<double>(loc_.size(-1));
  return -0.5 * (distance + constant) - log_det(scale_tril_);
}

Tensor kl_divergence(const MultivariateNormal& p, const MultivariateNormal& q) {
  internal::check_same_events(p, q);
  const Tensor ratio = solve_triangular(q.scale_tril(), p.scale_tril(), false);
  const Tensor trace = sum(square(ratio), {-2, -1});
  const Tensor distance = sum(square(whitened(q.scale_tril(), q.loc() - p.loc())), {-1});
  return log_det(q.scale_tril()) - log_det(p.scale_tril()) +
         0.5 * (trace + distance - static_cast<double>(p.loc().size(-1)));
}

}  // namespace strata::distributions
