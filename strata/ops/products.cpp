#include "strata/ops/products.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/matmul.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

/// The axes of x apart from `axes`, which are normalised in place.
Dims other_axes(const Tensor& x, Dims& axes) {
  Dims others, named = Dims::filled(x.rank(), 0);
  for (int64_t& axis : axes) {
    axis = normalize_axis("tensordot", axis, x.rank());
    if (x.rank() == 0 || named[static_cast<int>(axis)]++) {
      throw ValueError("tensordot", fmt::format("axis {} of {} is named twice, or it has none",
                                                axis, describe(x)));
    }
  }
  for (int i = 0; i < x.rank(); ++i) {
    if (!named[i]) others.push_back(i);
  }
  return others;
}

Shape sizes_of(const Tensor& x, const Dims& axes) {
  Shape sizes;
  for (const int64_t axis : axes) sizes.push_back(x.size(static_cast<int>(axis)));
  return sizes;
}

}  // namespace

Tensor trace(const Tensor& x) {
  if (x.rank() != 2) throw ShapeError("trace", fmt::format("takes a matrix, got {}", describe(x)));
  return sum(diagonal(x));
}

Tensor cross(const Tensor& a, const Tensor& b, int axis) {
  if (a.rank() != b.rank() || a.rank() == 0) {
    throw ShapeError("cross",
                     fmt::format("takes two tensors of one rank above 0, got {} and {}",
                                 describe(a), describe(b)),
                     a.rank() == b.rank() ? "" : "unsqueeze() one of them");
  }
  const Shape shape = broadcast_shapes("cross", a.shape(), b.shape());
  axis = normalize_axis("cross", axis, shape.rank());
  const Tensor x = expand(a, shape), y = expand(b, shape);
  if (a.size(axis) != 3 || b.size(axis) != 3) {
    throw ShapeError("cross", fmt::format("axis {} of {} and of {} must both have size 3", axis,
                                          describe(a), describe(b)));
  }
  const auto turned = [&](const Tensor& t, int64_t by) { return roll(t, {by}, {axis}); };
  return turned(x, -1) * turned(y, -2) - turned(x, -2) * turned(y, -1);
}

Tensor tensordot(const Tensor& a, const Tensor& b, const Dims& axes_a, const Dims& axes_b) {
  Dims of_a = axes_a, of_b = axes_b;
  if (of_a.size() != of_b.size()) {
    throw ValueError("tensordot", fmt::format("axes {} of a go with axes {} of b", to_string(of_a),
                                              to_string(of_b)));
  }
  const Dims kept_a = other_axes(a, of_a), kept_b = other_axes(b, of_b);
  const Shape inner = sizes_of(a, of_a);
  if (inner != sizes_of(b, of_b)) {
    throw ShapeError("tensordot",
                     fmt::format("axes {} of {} and axes {} of {} differ in size", to_string(of_a),
                                 describe(a), to_string(of_b), describe(b)));
  }
  const Shape rows = sizes_of(a, kept_a), columns = sizes_of(b, kept_b);
  const Tensor left = reshape(permute(a, joined(kept_a, of_a)), {numel(rows), numel(inner)});
  const Tensor right = reshape(permute(b, joined(of_b, kept_b)), {numel(inner), numel(columns)});
  return reshape(matmul(left, right), joined(rows, columns));
}

Tensor tensordot(const Tensor& a, const Tensor& b, int count) {
  if (count < 0 || count > std::min(a.rank(), b.rank())) {
    throw ValueError("tensordot",
                     fmt::format("{} axes of {} and {}", count, describe(a), describe(b)));
  }
  Dims of_a, of_b;
  for (int i = 0; i < count; ++i) {
    of_a.push_back(a.rank() - count + i);
    of_b.push_back(i);
  }
  return tensordot(a, b, of_a, of_b);
}

Tensor kron(const Tensor& a, const Tensor& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape of_a, of_b, shape;
  for (int i = 0; i < rank; ++i) {
    const int at_a = i - (rank - a.rank()), at_b = i - (rank - b.rank());
    const int64_t size_a = at_a < 0 ? 1 : a.shape()[at_a], size_b = at_b < 0 ? 1 : b.shape()[at_b];
    of_a = joined(of_a, {size_a, 1});
    of_b = joined(of_b, {1, size_b});
    shape.push_back(size_a * size_b);
  }
  return reshape(reshape(a, of_a) * reshape(b, of_b), shape);
}

}  // namespace strata
