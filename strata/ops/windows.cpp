#include "strata/ops/windows.h"

#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata::internal {

Tensor window_index(int64_t count, int64_t taps, int64_t stride, int64_t dilation, Device device) {
  const auto numbers = [&](int64_t n) {
    return arange(0, static_cast<double>(n), 1, DType::i64, device);
  };
  return reshape(unsqueeze(numbers(count) * stride, 1) + numbers(taps) * dilation, {-1});
}

}  // namespace strata::internal
