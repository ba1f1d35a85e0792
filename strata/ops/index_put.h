#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata {

// Elements and slices addressed by several indices at once, as x[i, j] in PyTorch. Differentiable
// any number of times. Sums run in the order of the index, so that they have the same bits on any
// number of threads. What is out of range throws IndexError before anything is written.

/// x[indices[0], indices[1], ...]. Each of `indices` goes with the next axis of x and is
/// - a tensor of integers (any but bool), negative ones counting from the axis' end;
/// - a mask of bools, which goes with as many axes as it has, whose sizes it must have, and counts
///   as the columns of nonzero(mask), so that meta tensors throw DeviceError;
/// - undefined: the whole axis, Python's `:`. So are axes for which there is none.
/// The tensors of integers broadcast, and the shape that they broadcast to takes the place of the
/// axes that they index: in front of the result where a whole axis lies between those, else where
/// they stood. The result is a copy. Throws DTypeError, ShapeError, IndexError.
Tensor index(const Tensor& x, std::span<const Tensor> indices);
inline Tensor index(const Tensor& x, std::initializer_list<Tensor> indices) {
  return index(x, std::span(indices.begin(), indices.size()));
}

/// A copy of x with `values` written at these places, of several for one place the last; with
/// `accumulate` added to them, half types in f32. values has x's dtype and broadcasts to the shape
/// of index(x, indices). Throws as index. As Tensor.index_put.
Tensor index_put(const Tensor& x, std::span<const Tensor> indices, const Tensor& values,
                 bool accumulate = false);
inline Tensor index_put(const Tensor& x, std::initializer_list<Tensor> indices,
                        const Tensor& values, bool accumulate = false) {
  return index_put(x, std::span(indices.begin(), indices.size()), values, accumulate);
}

/// The elements of x, counted in row-major order, that `index` names: of index's shape. Integers,
/// negative ones from the end. Throws DTypeError, IndexError. As torch.take.
Tensor take(const Tensor& x, const Tensor& index);

/// gather() of x and index of one rank that broadcast along the axes but `axis`. Throws as gather.
/// As torch.take_along_dim.
Tensor take_along_dim(const Tensor& x, const Tensor& index, int axis);

/// A copy of x with the slices along `axis` that `index` (rank 0 or 1, negative ones from the end)
/// names filled with `value`. Throws ShapeError, DTypeError, IndexError. As torch.index_fill.
Tensor index_fill(const Tensor& x, int axis, const Tensor& index, Number value);

/// A copy of x with slice index[j] along `axis` replaced by slice j of source, of several for one
/// place by the last. index is of rank 0 or 1 and not negative; source has x's shape but for
/// `axis`, and x's dtype. Throws ShapeError, DTypeError, IndexError. As torch.index_copy.
Tensor index_copy(const Tensor& x, int axis, const Tensor& index, const Tensor& source);

/// A copy of x with source's elements, in row-major order, at the places that `index` names,
/// counted in row-major order; of several for one place the last, or all of them added with
/// `accumulate`. index holds integers, negative ones from the end, and source as many elements, of
/// x's dtype. Throws DTypeError, ShapeError, IndexError. As torch.Tensor.put.
Tensor put(const Tensor& x, const Tensor& index, const Tensor& source, bool accumulate = false);

}  // namespace strata
