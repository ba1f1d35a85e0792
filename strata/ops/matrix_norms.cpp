#include "strata/ops/matrix_norms.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/linalg.h"
#include "strata/ops/matrices.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

/// x's two axes, which differ.
Dims two_axes(const Tensor& x, const Dims& axes) {
  internal::check_floating("matrix_norm", x);
  if (x.rank() < 2 || axes.size() != 2) {
    throw ShapeError("matrix_norm", fmt::format("takes two axes of matrices, got {} of {}",
                                                to_string(axes), describe(x)));
  }
  const Dims two{normalize_axis("matrix_norm", axes[0], x.rank()),
                 normalize_axis("matrix_norm", axes[1], x.rank())};
  if (two[0] == two[1]) {
    throw ValueError("matrix_norm", fmt::format("both axes are {}", two[0]));
  }
  return two;
}

/// The singular values [..., k] of the matrices along two axes of x.
Tensor values_along(const Tensor& x, const Dims& axes) {
  return svdvals(movedim(x, axes, {-2, -1}));
}

/// What was found without the two axes, with them if so wanted.
Tensor with_axes(Tensor y, const Dims& axes, bool keep) {
  if (!keep) return y;
  for (const int64_t axis : {std::min(axes[0], axes[1]), std::max(axes[0], axes[1])}) {
    y = unsqueeze(y, static_cast<int>(axis));
  }
  return y;
}

/// norm(a) norm(a^-1); `norm` is a function of matrices.
template <class F>
Tensor condition(const Tensor& a, F norm) {
  internal::check_matrices("cond", a, true);
  if (a.numel() == 0) return zeros(internal::front_of(a, 2), a.dtype(), a.device());
  const Tensor singular = eq(slogdet(a.detach()).sign, 0);
  const Tensor unit = eye(a.size(-1), a.dtype(), a.device());
  const Tensor sound = where(unsqueeze(unsqueeze(singular, -1), -1), unit, a);
  return where(singular, std::numeric_limits<double>::infinity(), norm(a) * norm(inverse(sound)));
}

}  // namespace

Tensor matrix_norm(const Tensor& x, MatrixNorm kind, const Dims& axes, bool keep) {
  const Dims two = two_axes(x, axes);
  if (kind == MatrixNorm::frobenius) return norm(x, 2, two, keep);
  return with_axes(sum(values_along(x, two), -1), two, keep);
}

Tensor matrix_norm(const Tensor& x, double p, const Dims& axes, bool keep) {
  const Dims two = two_axes(x, axes);
  const double size = std::abs(p);
  const auto chosen = [p](const Tensor& t, const Dims& of, bool stays) {
    return p > 0 ? amax(t, of, stays) : amin(t, of, stays);
  };
  if (size != 1 && size != 2 && !std::isinf(p)) {
    throw ValueError("matrix_norm", fmt::format("p is 1, 2, infinity or one of their negatives, "
                                                "got {}",
                                                p));
  }
  if (x.numel() == 0 && p > 0) return sum(x, two, keep);  // of no rows or columns: 0
  if (size == 2) return with_axes(chosen(values_along(x, two), -1, false), two, keep);
  const int along = size == 1 ? 0 : 1;
  const Tensor y = chosen(sum(abs(x), two[along], true), two[1 - along], true);
  return keep ? y : sum(y, two);  // of one element: sum() drops both axes
}

Tensor cond(const Tensor& a, double p) {
  if (std::abs(p) != 2) {
    return condition(a, [p](const Tensor& x) { return matrix_norm(x, p); });
  }
  internal::check_matrices("cond", a, false);
  if (a.numel() == 0) return zeros(internal::front_of(a, 2), a.dtype(), a.device());
  const Tensor s = svdvals(a), largest = select(s, -1, 0), least = select(s, -1, -1);
  return p > 0 ? largest / least : least / largest;
}

Tensor cond(const Tensor& a, MatrixNorm kind) {
  return condition(a, [kind](const Tensor& x) { return matrix_norm(x, kind); });
}

}  // namespace strata
