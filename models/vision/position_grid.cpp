#include "models/vision/position_grid.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "strata/ops/copy.h"
#include "strata/ops/joining.h"
#include "strata/ops/matmul.h"
#include "strata/ops/views.h"

namespace strata::models {
namespace {

/// Keys' cubic kernel with PyTorch's parameter.
double cubic(double distance) {
  constexpr double a = -0.75;
  const double x = std::abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/// The weights of `from` values in each of `to`, [to, from]; beyond the ends the last one repeats.
Tensor bicubic_weights(int64_t from, int64_t to, bool align_corners) {
  std::vector<float> weights(static_cast<size_t>(from * to), 0);
  const auto n = static_cast<double>(from), m = static_cast<double>(to);
  for (int64_t i = 0; i < to; ++i) {
    const auto at = static_cast<double>(i);
    const double scale = align_corners ? (to > 1 ? (n - 1) / (m - 1) : 0) : n / m;
    const double place = align_corners ? at * scale : (at + 0.5) * scale - 0.5;
    const auto left = static_cast<int64_t>(std::floor(place));
    for (int64_t tap = left - 1; tap <= left + 2; ++tap) {
      const int64_t source = std::clamp<int64_t>(tap, 0, from - 1);
      weights[static_cast<size_t>(i * from + source)] +=
          static_cast<float>(cubic(place - static_cast<double>(tap)));
    }
  }
  return tensor(weights, {to, from});
}

}  // namespace

Tensor resize_positions(const Tensor& positions, Size2 from, Size2 to, bool align_corners) {
  const int64_t width = positions.size(2);
  if (positions.is_meta()) {
    return empty({1, 1 + to.h * to.w, width}, positions.dtype(), positions.device());
  }
  const Tensor rows = cast(bicubic_weights(from.h, to.h, align_corners), positions.dtype());
  const Tensor columns = cast(bicubic_weights(from.w, to.w, align_corners), positions.dtype());
  const Tensor grid = reshape(slice(positions, 1, 1), {from.h, from.w * width});
  const Tensor tall = reshape(matmul(rows, grid), {to.h, from.w, width});
  const Tensor resized = reshape(matmul(columns, tall), {1, to.h * to.w, width});
  return concat({slice(positions, 1, 0, 1), resized}, 1);
}

}  // namespace strata::models
