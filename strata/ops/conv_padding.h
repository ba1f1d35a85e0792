#pragma once

#include <cstdint>
#include <limits>

#include "strata/ops/pad.h"

namespace strata {

/// As the padding of a convolution, `.padding = kSamePadding`: as many zeros as give the result
/// x's size, an odd one of them at the end. The stride must be 1. Also along one axis alone:
/// `{kSamePadding, 0}`. PyTorch's "same".
inline constexpr int64_t kSamePadding = std::numeric_limits<int64_t>::min();
/// No padding. PyTorch's "valid".
inline constexpr int64_t kValidPadding = 0;

namespace internal {

/// What the padding of a convolution says of an axis: at the end one more than in front, or as
/// much. Throws ValueError tagged `op` for kSamePadding with a stride other than 1 and for numbers
/// that check_not_huge refuses.
AxisPad axis_padding(const char* op, int64_t axis, int64_t padding, int64_t kernel, int64_t stride,
                     int64_t dilation);

}  // namespace internal
}  // namespace strata
