#include "strata/ops/conv_padding.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/windows.h"

namespace strata {

AxisPad internal::axis_padding(const char* op, int64_t axis, int64_t padding, int64_t kernel,
                               int64_t stride, int64_t dilation) {
  check_not_huge(op, {padding, kernel, stride, dilation});
  if (padding != kSamePadding) return {axis, padding, padding};
  if (stride != 1) {
    throw ValueError(op, fmt::format("kSamePadding needs a stride of 1, got {}", stride));
  }
  const int64_t all = kernel > 0 && dilation > 0 ? dilation * (kernel - 1) : 0;
  return {axis, all / 2, all - all / 2};
}

}  // namespace strata
