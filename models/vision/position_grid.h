#pragma once

#include "strata/ops/size2.h"
#include "strata/tensor/tensor.h"

namespace strata::models {

/// Learned positions [1, 1 + h * w, D], the first of no place in the picture, for a grid of another
/// size: bicubic interpolation as torch.nn.functional.interpolate's. Differentiable.
Tensor resize_positions(const Tensor& positions, Size2 from, Size2 to, bool align_corners);

}  // namespace strata::models
