#pragma once

#include <cstdint>
#include <limits>

#include "strata/tensor/tensor.h"

namespace strata {

// Writing into a view, as a value: a copy of x in which `source` stands where select(), slice() or
// diagonal() would look. They are how `x[:, 0] = y` is recorded: `x = select_scatter(x, y, 1, 0)`.
// source has the view's shape and is converted to x's dtype. Gradient: source's is the view of dy,
// x's is dy with zeros there; any number of times. Throw as the view does, and ShapeError,
// DeviceError where source does not fit it.

/// `x[index] = source` along `axis`. As torch.select_scatter.
Tensor select_scatter(const Tensor& x, const Tensor& source, int axis, int64_t index);

/// `x[begin:end:step] = source` along `axis`, with bounds as slice(). As torch.slice_scatter.
Tensor slice_scatter(const Tensor& x, const Tensor& source, int axis, int64_t begin,
                     int64_t end = std::numeric_limits<int64_t>::max(), int64_t step = 1);

/// source as the diagonal of the two axes, its last axis. As torch.diagonal_scatter.
Tensor diagonal_scatter(const Tensor& x, const Tensor& source, int64_t offset = 0, int axis_a = 0,
                        int axis_b = 1);

}  // namespace strata
