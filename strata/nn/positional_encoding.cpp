#include "strata/nn/positional_encoding.h"

#include <cmath>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::nn {

Tensor positional_encoding(int64_t length, int64_t width, Device device) {
  if (length < 0 || width < 1) {
    throw ValueError("positional_encoding",
                     fmt::format("there are none of length {} and width {}", length, width));
  }
  constexpr double kLongestPeriod = 10'000;  // over 2 pi
  const double step = -std::log(kLongestPeriod) / static_cast<double>(width);
  const auto count = [&](int64_t end, double by) {
    return arange(0, static_cast<double>(end), by, DType::f64, device);
  };
  const Tensor phase = unsqueeze(count(length, 1), 1) * exp(count(width, 2) * step);
  const Tensor pairs = stack({sin(phase), cos(phase)}, -1);
  return cast(slice(flatten(pairs, 1), 1, 0, width), DType::f32);
}

}  // namespace strata::nn
