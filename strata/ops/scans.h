#pragma once

#include "strata/ops/extremes.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// y[k] = factor[k] y[k - 1] + x[k] along `axis`, beginning with x[0]; from the end, y[k] =
/// factor[k] y[k + 1] + x[k], with `reverse`. One shape and dtype, x's; half types are computed in
/// f32. What running products, returns of reinforcement learning and linear state spaces are made
/// of. Throws ShapeError, DTypeError, IndexError.
Tensor linear_recurrence(const Tensor& factor, const Tensor& x, int axis, bool reverse = false);

/// Running products along `axis`; i64 for integers and booleans. The gradients of zeros are right.
Tensor cumprod(const Tensor& x, int axis);

/// Product over `axes` (all if empty); 1 where there is nothing to multiply, i64 for integers and
/// booleans. The gradients of zeros are right. Throws IndexError, ValueError as sum.
Tensor prod(const Tensor& x, const Dims& axes = {}, bool keep = false);

/// Largest (smallest) elements so far along `axis` and their positions, the last of equal ones; NaN
/// from the first NaN on. Throws IndexError for an axis outside of x's.
Extremes cummax(const Tensor& x, int axis);
Extremes cummin(const Tensor& x, int axis);

}  // namespace strata
