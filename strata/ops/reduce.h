#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// Sum over `axes` (all if empty); with `keep` they stay as axes of size 1. The order of additions
/// follows the shape alone. Integers and booleans are summed in i64.
Tensor sum(const Tensor& x, const Dims& axes = {}, bool keep = false);

/// Sums x down to `shape`, which x's shape must be a broadcast of: the way back of expand.
Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace strata
