#pragma once

#include <cstdint>
#include <initializer_list>

#include "strata/tensor/tensor.h"

namespace strata::internal {

/// Throws ValueError tagged `op` for kernels, strides, paddings and dilations above 2^30, whose
/// sums and products could overflow.
void check_not_huge(const char* op, std::initializer_list<int64_t> numbers);

/// The places of the taps of `count` windows along an axis, one window after the other:
/// i64[count * taps], window i from i * stride on, its taps `dilation` apart.
Tensor window_index(int64_t count, int64_t taps, int64_t stride, int64_t dilation, Device device);

}  // namespace strata::internal
