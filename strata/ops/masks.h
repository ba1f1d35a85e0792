#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

// Ops on the places where a tensor is true. The first two have a shape that depends on values: they
// throw DeviceError for meta tensors.

/// The places of x's elements other than zero (NaN is), in row-major order: i64[count, rank of x].
/// Without gradient. As torch.nonzero.
Tensor nonzero(const Tensor& x);

/// The elements of x where `mask` (bool) is true, in row-major order, as a vector. The two
/// broadcast. Throws DTypeError, ShapeError. As torch.masked_select.
Tensor masked_select(const Tensor& x, const Tensor& mask);

/// x with its elements where `mask` (bool) is true replaced by the first ones of `source`, in
/// row-major order. x and mask broadcast; source has x's dtype and any shape. Throws DTypeError,
/// ShapeError, ValueError where source has too few elements. As torch.masked_scatter.
Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source);

/// How many elements over `axes` (all if empty) are other than zero (NaN is); i64. Throws as sum.
Tensor count_nonzero(const Tensor& x, const Dims& axes = {}, bool keep = false);

}  // namespace strata
