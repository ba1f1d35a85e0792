#include "strata/ops/integrals.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

int axis_of(const char* op, const Tensor& y, int axis) {
  if (y.rank() == 0) throw ShapeError(op, "a scalar has no axis to integrate along");
  return normalize_axis(op, axis, y.rank());
}

/// Small integers would wrap around.
Tensor wide(const Tensor& x) { return is_floating(x.dtype()) ? x : cast(x, DType::i64); }

/// The sums of neighbours, twice the heights of the trapezoids.
Tensor sums(const Tensor& y, int axis) {
  const Tensor heights = wide(y);
  return slice(heights, axis, 1) + slice(heights, axis, 0, -1);
}

/// Twice the areas of the trapezoids along `axis`, counted from the end.
Tensor areas(const char* op, const Tensor& y, const Tensor& x, int axis) {
  const int from_end = axis_of(op, y, axis) - y.rank();
  Tensor at = wide(x);
  if (x.rank() < 2) {
    Shape shape = Dims::filled(-from_end, 1);
    shape[0] = x.numel();
    at = reshape(at, shape);
  }
  const int64_t points = at.rank() < -from_end ? 1 : at.size(from_end);
  if (points != y.size(from_end)) {
    throw ShapeError(op, fmt::format("x {} does not give a place to each point of axis {} of y {}",
                                     describe(x), axis, describe(y)));
  }
  return sums(y, from_end) * diff(at, 1, from_end);
}

}  // namespace

Tensor trapezoid(const Tensor& y, double dx, int axis) {
  axis = axis_of("trapezoid", y, axis);
  return sum(sums(y, axis), axis) * (dx / 2);
}

Tensor trapezoid(const Tensor& y, const Tensor& x, int axis) {
  const Tensor twice = areas("trapezoid", y, x, axis);
  return sum(twice, normalize_axis("trapezoid", axis, y.rank()) - y.rank()) / 2;
}

Tensor cumulative_trapezoid(const Tensor& y, double dx, int axis) {
  axis = axis_of("cumulative_trapezoid", y, axis);
  return cumsum(sums(y, axis), axis) * (dx / 2);
}

Tensor cumulative_trapezoid(const Tensor& y, const Tensor& x, int axis) {
  const Tensor twice = areas("cumulative_trapezoid", y, x, axis);
  return cumsum(twice, normalize_axis("cumulative_trapezoid", axis, y.rank()) - y.rank()) / 2;
}

}  // namespace strata
