#pragma once

#include "strata/ops/extremes.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// The middle element along `axis`, the lower one of two, and its position, which alone gets the
/// gradient; the first NaN where there is one. With `keep` the axis stays, of size 1. Throws
/// IndexError for an axis outside of x's or without elements.
Extremes median(const Tensor& x, int axis, bool keep = false);
/// That of all elements.
Tensor median(const Tensor& x);

/// The value below which the share q of the elements along `axis` lies, between two elements in
/// proportion: q = 0 gives the smallest, 0.5 the median of even counts too. NaN where there is one.
/// As torch.quantile with its linear interpolation. Throws DTypeError for integers, ValueError
/// unless 0 <= q <= 1, IndexError as median.
Tensor quantile(const Tensor& x, double q, int axis, bool keep = false);
/// That of all elements.
Tensor quantile(const Tensor& x, double q);

}  // namespace strata
