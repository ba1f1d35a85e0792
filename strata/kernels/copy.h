#pragma once

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// y = x, converted to y's dtype. Same shapes, any strides; x and y must not overlap.
void copy(Cpu, const Tensor& x, Tensor& y);

/// Every element of y becomes `value`, converted to y's dtype. Any strides.
void fill(Cpu, double value, Tensor& y);

}  // namespace strata::kernels
