#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// e^x / sum(e^x) along `axis`, of x's shape and dtype; the maximum is taken off first, bf16 and
/// f16 are computed in f32. A row with NaN or +inf, or of -inf alone, becomes NaN. Throws
/// DTypeError for integers, IndexError for an axis outside of x's.
Tensor softmax(const Tensor& x, int axis = -1);

/// log(softmax(x)), without its loss of small probabilities.
Tensor log_softmax(const Tensor& x, int axis = -1);

}  // namespace strata
