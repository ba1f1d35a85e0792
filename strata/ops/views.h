#pragma once

#include <cstdint>
#include <limits>

#include "strata/tensor/tensor.h"

namespace strata {

/// Views share x's memory: writing into one writes into all. Axes may be negative.

/// The same elements in another shape, in row-major order; one size may be -1. A view where the
/// strides allow it, else a copy. Throws ShapeError where the number of elements differs.
Tensor reshape(const Tensor& x, const Shape& shape);

/// Merges the axes from `first` to `last` (included) into one.
Tensor flatten(const Tensor& x, int first = 0, int last = -1);

/// Splits `axis` into axes of these sizes; one may be -1. The opposite of flatten. Throws
/// ShapeError where they do not multiply to the axis' size. Any dtype.
Tensor unflatten(const Tensor& x, int axis, const Shape& sizes);

/// Reorders the axes: axis i of the result is axis order[i] of x. Throws ShapeError where `order`
/// is not a permutation.
Tensor permute(const Tensor& x, const Dims& order);

/// Axis from[i] becomes axis to[i], the others keep their order. Throws ValueError where the lists
/// differ in length or name an axis twice. As torch.movedim.
Tensor movedim(const Tensor& x, const Dims& from, const Dims& to);
inline Tensor movedim(const Tensor& x, int from, int to) {
  return movedim(x, Dims{from}, Dims{to});
}

/// Swaps two axes.
Tensor transpose(const Tensor& x, int axis_a, int axis_b);

/// Elements begin, begin + step, ... before end along `axis`. Negative bounds count from the end,
/// bounds beyond the size are clamped, as in Python. Throws ValueError for a step below 1.
Tensor slice(const Tensor& x, int axis, int64_t begin,
             int64_t end = std::numeric_limits<int64_t>::max(), int64_t step = 1);

/// Element `index` along `axis`, which disappears; x[i] is select(x, 0, i). Throws IndexError.
Tensor select(const Tensor& x, int axis, int64_t index);

/// Repeats axes of size 1, and adds axes in front, without copying; -1 keeps a size. Throws
/// ShapeError where another size would have to change.
Tensor expand(const Tensor& x, const Shape& shape);

/// The elements whose places along axis_b and axis_a differ by `offset`: x without the two axes,
/// and the diagonal as the last one. Throws ShapeError below two axes, ValueError where both are
/// one.
Tensor diagonal(const Tensor& x, int64_t offset = 0, int axis_a = 0, int axis_b = 1);

/// The diagonal of a matrix, a view; of a vector a new square matrix with it as its diagonal, zeros
/// elsewhere. Throws ShapeError for others. As torch.diag.
Tensor diag(const Tensor& x, int64_t offset = 0);

/// Removes `axis` if its size is 1.
Tensor squeeze(const Tensor& x, int axis);
/// Removes all axes of size 1.
Tensor squeeze(const Tensor& x);
/// Adds an axis of size 1 before position `axis` (from the end if negative: -1 adds it last).
Tensor unsqueeze(const Tensor& x, int axis);

}  // namespace strata
