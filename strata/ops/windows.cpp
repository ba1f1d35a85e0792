#include "strata/ops/windows.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata::internal {

void check_not_huge(const char* op, std::initializer_list<int64_t> numbers) {
  const int64_t largest = std::max(numbers);
  if (largest <= int64_t{1} << 30) return;
  throw ValueError(
      op, fmt::format("{} is too much for a kernel, stride, padding or dilation", largest));
}

Tensor window_index(int64_t count, int64_t taps, int64_t stride, int64_t dilation, Device device) {
  const auto numbers = [&](int64_t n) {
    return arange(0, static_cast<double>(n), 1, DType::i64, device);
  };
  return reshape(unsqueeze(numbers(count) * stride, 1) + numbers(taps) * dilation, {-1});
}

}  // namespace strata::internal
