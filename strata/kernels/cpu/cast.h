#pragma once

#include "strata/tensor/tensor.h"

namespace strata::kernels::cpu {

/// y = x converted to y's dtype as convert.h says. Same shapes, any strides.
void cast(const Tensor& x, Tensor& y);

}  // namespace strata::kernels::cpu
