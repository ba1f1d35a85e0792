#pragma once

#include "strata/ops/pool.h"

namespace strata {

/// The way back of max_pool2d as a layer (Zeiler and Fergus, 2014; Badrinarayanan et al., "SegNet",
/// 2017): each value of x[N, h, w, C] at the place row * W + column in its image [H, W] that
/// `index`, of x's shape, says, zeros elsewhere. The sizes are those that `pool` brought down to h
/// and w, (h - 1) * stride - 2 * padding + kernel, or `size`, which may differ by less than a
/// stride; of a dilation or ceil_mode it knows nothing. Of several values for one place the last
/// stays. x is of any dtype, `index` of integers. Throws ShapeError, DTypeError, IndexError;
/// ValueError for a size that does not fit and, as the pools, for a kernel, stride or padding out
/// of range. As torch.nn.functional.max_unpool2d.
Tensor max_unpool2d(const Tensor& x, const Tensor& index, const Pool2dOptions& pool = {},
                    Size2 size = 0);

}  // namespace strata
