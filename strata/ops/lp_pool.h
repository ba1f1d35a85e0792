#pragma once

#include "strata/ops/size2.h"
#include "strata/tensor/tensor.h"

namespace strata {

// Pooling by powers: sum(x^p)^(1/p) of each window, the sum for p = 1 and towards the largest value
// for large ones. In ceil_mode a last window that leaves x counts as if what is missing had the
// mean of the rest. Negative values under an uneven p can give NaN, and where the sum is 0 the
// gradient is 0. Made of avg_pool1d and avg_pool2d; throw as these, and ValueError for p = 0. As
// torch.nn.functional.lp_pool1d and lp_pool2d.

/// Of sequences x[N, L, C]; a stride of 0 is the kernel's size.
Tensor lp_pool1d(const Tensor& x, double p, int64_t kernel, int64_t stride = 0,
                 bool ceil_mode = false);
/// Of images x[N, H, W, C].
Tensor lp_pool2d(const Tensor& x, double p, Size2 kernel, Size2 stride = 0, bool ceil_mode = false);

}  // namespace strata
