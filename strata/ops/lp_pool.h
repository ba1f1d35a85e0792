#pragma once

#include "strata/ops/pool.h"
#include "strata/ops/pool_nd.h"
#include "strata/tensor/tensor.h"

namespace strata {

// Pooling by powers: sum(x^p)^(1/p) of each window, the sum for p = 1 and towards the largest value
// for large ones. In ceil_mode a last window that leaves x counts as if what is missing had the
// mean of the rest. Negative values under an uneven p can give NaN, and where the sum is 0 the
// gradient is 0. Made of avg_pool1d and avg_pool2d; throw as these, and ValueError for p = 0 and
// for a padding, which there is none of. As torch.nn.functional.lp_pool1d and lp_pool2d.

/// Of sequences x[N, L, C].
Tensor lp_pool1d(const Tensor& x, double p, const Pool1dOptions& options = {});
/// Of images x[N, H, W, C].
Tensor lp_pool2d(const Tensor& x, double p, const Pool2dOptions& options = {});

}  // namespace strata
