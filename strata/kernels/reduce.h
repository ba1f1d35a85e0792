#pragma once

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// y = sum of x over the axes where y (of x's rank, contiguous) has size 1.
void sum(Cpu, const Tensor& x, Tensor& y);

}  // namespace strata::kernels
