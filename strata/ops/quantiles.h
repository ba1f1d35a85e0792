#pragma once

#include <cstdint>

#include "strata/ops/extremes.h"
#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// The middle element along `axis`, the lower one of two, and its position, which alone gets the
/// gradient; the first NaN where there is one. With `keep` the axis stays, of size 1. Throws
/// IndexError for an axis outside of x's or without elements.
Extremes median(const Tensor& x, int axis, bool keep = false);
/// That of all elements; those that are equal to it share the gradient evenly, NaN among NaN.
Tensor median(const Tensor& x);

/// What a quantile between two elements is: in proportion, the lower or the higher one, their mean,
/// or the nearer one, of two the one whose place is even.
enum class Interpolation : uint8_t { linear, lower, higher, midpoint, nearest };

/// The value below which the share q of the elements along `axis` lies: q = 0 gives the smallest,
/// 0.5 the median of even counts too. NaN where there is one. q is a number, or a floating tensor
/// without axes or of one, which is then the result's first. Throws DTypeError for integers,
/// ShapeError for more axes of q, ValueError unless 0 <= q <= 1, IndexError as median, DeviceError.
/// As torch.quantile, which makes NaN of some infinite neighbours.
Tensor quantile(const Tensor& x, const Operand& q, int axis, bool keep = false,
                Interpolation interpolation = Interpolation::linear);
/// That of all elements.
Tensor quantile(const Tensor& x, const Operand& q,
                Interpolation interpolation = Interpolation::linear);

/// The same of the elements that are not NaN; NaN where all are. As torch.nanquantile.
Tensor nanquantile(const Tensor& x, const Operand& q, int axis, bool keep = false,
                   Interpolation interpolation = Interpolation::linear);
Tensor nanquantile(const Tensor& x, const Operand& q,
                   Interpolation interpolation = Interpolation::linear);

}  // namespace strata
