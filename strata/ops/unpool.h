#pragma once

#include "strata/ops/pool.h"
#include "strata/ops/pool_nd.h"

namespace strata {

// The way back of max pooling as a layer (Zeiler and Fergus, 2014; Badrinarayanan et al., "SegNet",
// 2017): each value of x at the place in its sequence, image or volume that `index`, of x's shape,
// says in row-major order, zeros elsewhere. The sizes are those that `pool` brought down to x's,
// (in - 1) * stride - 2 * padding + kernel, or `size`, which may differ by less than a stride; of a
// dilation or ceil_mode it knows nothing. Of several values for one place the last stays. x is of
// any dtype, `index` of integers. All throw ShapeError, DTypeError, IndexError; ValueError for a
// size that does not fit and, as the pools, for a kernel, stride or padding out of range. As
// torch.nn.functional.max_unpool2d.

/// x[N, l, C] to [N, L, C].
Tensor max_unpool1d(const Tensor& x, const Tensor& index, const Pool1dOptions& pool = {},
                    int64_t size = 0);
/// x[N, h, w, C] to [N, H, W, C].
Tensor max_unpool2d(const Tensor& x, const Tensor& index, const Pool2dOptions& pool = {},
                    Size2 size = 0);
/// x[N, d, h, w, C] to [N, D, H, W, C].
Tensor max_unpool3d(const Tensor& x, const Tensor& index, const Pool3dOptions& pool = {},
                    Size3 size = 0);

}  // namespace strata
