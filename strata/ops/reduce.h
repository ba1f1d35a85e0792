#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// Reductions over `axes` (all if empty; negative ones count from the end); with `keep` these stay
/// as axes of size 1. The order of additions follows the shape alone; bf16 and f16 are summed in
/// f32. All throw IndexError for an axis outside of x's, ValueError for one named twice.

/// Sum; 0 where there is nothing to sum. Integers and booleans are summed in i64.
Tensor sum(const Tensor& x, const Dims& axes = {}, bool keep = false);

/// Mean; NaN where there is nothing to average. Throws DTypeError for integers.
Tensor mean(const Tensor& x, const Dims& axes = {}, bool keep = false);

/// Sums x down to `shape`, which x's shape must be a broadcast of: the way back of expand.
Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace strata
