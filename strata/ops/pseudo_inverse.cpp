#include "strata/ops/pseudo_inverse.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/linalg.h"
#include "strata/ops/matmul.h"
#include "strata/ops/matrices.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"

namespace strata {
namespace {

using internal::transposed;

void check(const char* op, const Tensor& a, const RankTolerance& t) {
  internal::check_matrices(op, a, false);
  if (!(t.atol >= 0 && t.rtol.value_or(0) >= 0)) {
    throw ValueError(op, fmt::format("tolerances are not negative, got atol {} and rtol {}", t.atol,
                                     t.rtol.value_or(0)));
  }
}

/// Which of a's singular values s count as other than zero.
Tensor counted(const Tensor& a, const Tensor& s, const RankTolerance& t) {
  const double epsilon = a.dtype() == DType::f64 ? std::numeric_limits<double>::epsilon()
                                                 : std::numeric_limits<float>::epsilon();
  const auto longer = static_cast<double>(std::max(a.size(-1), a.size(-2)));
  const double rtol = t.rtol ? *t.rtol : t.atol > 0 ? 0 : longer * epsilon;
  return s > maximum(slice(s, -1, 0, 1) * rtol, t.atol);
}

/// 1 / s where it counts, else 0, against the rows of vh^T.
Tensor inverse_values(const Tensor& a, const Tensor& s, const RankTolerance& t) {
  return unsqueeze(where(counted(a, s, t), reciprocal(s), 0), -2);
}

LeastSquares solve_matrices(const Tensor& a, const Tensor& b, const RankTolerance& t) {
  Tensor x, s, rank, left, right;  // the pseudo-inverse is left times right
  {
    const NoGrad no_grad;
    const Svd y = svd(a);
    s = y.s;
    rank = sum(counted(a, s, t), -1);
    left = transposed(y.vh) * inverse_values(a, s, t);
    right = transposed(y.u);
    x = matmul(left, matmul(right, b));
  }
  const auto backward = [a = save(a), b = save(b), x = save_output(x), left = save(left),
                         right = save(right), t](const Tensor& dx, Needs needs) -> Grads {
    const Tensor inverse = grad_enabled() ? pinv(a.get(), t) : matmul(left.get(), right.get());
    const Tensor db = matmul(transposed(inverse), dx);
    if (!needs[0]) return {Tensor(), db};
    // Golub & Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares
    // problems", 1973, times b.
    const Tensor value = x.get();
    const Tensor missed = b.get() - matmul(a.get(), value);
    const Tensor free = dx - matmul(transposed(a.get()), db);
    const Tensor da = matmul(missed, transposed(matmul(inverse, db))) +
                      matmul(matmul(transposed(inverse), value), transposed(free)) -
                      matmul(db, transposed(value));
    return {da, needs[1] ? db : Tensor()};
  };
  return {record("lstsq", {a, b}, x, backward), rank, s};
}

}  // namespace

Tensor pinv(const Tensor& a, const RankTolerance& tolerance) {
  check("pinv", a, tolerance);
  Tensor y;
  {
    const NoGrad no_grad;
    const Svd parts = svd(a);
    y = matmul(transposed(parts.vh) * inverse_values(a, parts.s, tolerance), transposed(parts.u));
  }
  return record("pinv", {a}, y,
                [a = save(a), y = save_output(y)](const Tensor& dy, Needs) -> Grads {
                  // Golub & Pereyra, as above.
                  const Tensor x = a.get(), p = y.get(), pt = transposed(p), g = transposed(dy);
                  const Tensor left = g - matmul(x, matmul(p, g));
                  const Tensor right = g - matmul(matmul(g, p), x);
                  return {matmul(matmul(left, p), pt) + matmul(pt, matmul(p, right)) -
                          matmul(pt, matmul(dy, pt))};
                });
}

Tensor matrix_rank(const Tensor& a, const RankTolerance& tolerance) {
  check("matrix_rank", a, tolerance);
  return sum(counted(a, svdvals(a.detach()), tolerance), -1);
}

LeastSquares lstsq(const Tensor& a, const Tensor& b, const RankTolerance& tolerance) {
  check("lstsq", a, tolerance);
  const bool vectors = internal::are_vectors(a, b);
  Tensor left = a, right = vectors ? unsqueeze(b, -1) : b;
  internal::share_batch("lstsq", left, right);
  LeastSquares y = solve_matrices(left, right, tolerance);
  if (vectors) y.solution = squeeze(y.solution, -1);
  return y;
}

}  // namespace strata
