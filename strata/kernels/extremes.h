#pragma once

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// Largest (or smallest) element along `axis` and its first position; NaN is larger, and smaller,
/// than all. values (x's dtype) and indices (i64) are contiguous, of size 1 along `axis`, which
/// must not be empty.
void extreme(Cpu, bool largest, const Tensor& x, int axis, Tensor& values, Tensor& indices);

/// The values.size(axis) largest (or smallest) elements along `axis`, best first, and their
/// positions, the first of equal ones first. values and indices are contiguous.
void topk(Cpu, bool largest, const Tensor& x, int axis, Tensor& values, Tensor& indices);

}  // namespace strata::kernels
