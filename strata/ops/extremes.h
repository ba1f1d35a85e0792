#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// NaN counts as the largest and as the smallest of all. Where several elements are equal, the
/// first one's position is given. All throw IndexError for an axis outside of x's, and where there
/// is no element to choose from.

/// Position of the largest (smallest) element along `axis`; i64. With `keep` the axis stays, of
/// size 1.
Tensor argmax(const Tensor& x, int axis, bool keep = false);
Tensor argmin(const Tensor& x, int axis, bool keep = false);
/// Position in x flattened; i64[].
Tensor argmax(const Tensor& x);
Tensor argmin(const Tensor& x);

}  // namespace strata
