#pragma once

#include "strata/device/device.h"
#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// y = condition ? a : b, element by element; all broadcast to y's shape and converted to its
/// dtype.
void where(Cpu, const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y);

/// y = min(max(x, low), high), where NaN in any of them gives NaN; all broadcast to y's shape.
void clamp(Cpu, const Tensor& x, const Tensor& low, const Tensor& high, Tensor& y);

}  // namespace strata::kernels
