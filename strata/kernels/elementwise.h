#pragma once

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// y = exp(x), element by element; y contiguous, of x's shape and dtype.
void exp(Cpu, const Tensor& x, Tensor& y);

/// y = a op b; a and b expanded to y's shape and of y's dtype, y contiguous.
void add(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
void mul(Cpu, const Tensor& a, const Tensor& b, Tensor& y);

}  // namespace strata::kernels
