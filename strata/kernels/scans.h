#pragma once

#include "strata/device/device.h"
#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// y[k] = factor[k] y[k - 1] + x[k] along `axis` (from the end: y[k + 1]). One shape, all f32, f64
/// or i64; y contiguous.
void linear_recurrence(Cpu, const Tensor& factor, const Tensor& x, int axis, bool reverse,
                       Tensor& y);

/// The largest (smallest) element so far and its position, the last of equal ones. Any dtype;
/// values (x's dtype) and indices (i64) contiguous.
void running_extreme(Cpu, bool largest, const Tensor& x, int axis, Tensor& values, Tensor& indices);

}  // namespace strata::kernels
