#include "strata/vision/augment.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "strata/base/error.h"
#include "strata/ops/copy.h"

namespace strata {

Tensor random_flip(const Tensor& images, double p, Generator& generator) {
  if (images.rank() != 4) {
    throw ShapeError("random_flip", "takes images [N, H, W, C], got " + describe(images));
  }
  if (!(p >= 0 && p <= 1)) {
    throw ValueError("random_flip", "no probability: " + std::to_string(p));
  }
  Tensor out = copy(images.detach());
  const int64_t h = out.size(1), w = out.size(2), c = out.size(3);
  float* x = out.data<float>();
  for (int64_t n = 0; n < out.size(0); ++n) {
    if (generator.uniform() >= p) continue;
    for (int64_t row = 0; row < h; ++row) {
      float* left = x + (n * h + row) * w * c;
      for (float* right = left + (w - 1) * c; left < right; left += c, right -= c) {
        std::swap_ranges(left, left + c, right);
      }
    }
  }
  return out;
}

Tensor random_shift(const Tensor& images, int64_t most, Generator& generator) {
  if (images.rank() != 4) {
    throw ShapeError("random_shift", "takes images [N, H, W, C], got " + describe(images));
  }
  if (most < 0) throw ValueError("random_shift", "most is negative: " + std::to_string(most));
  const Tensor from = contiguous(images);
  Tensor to = empty_like(from);
  const int64_t h = from.size(1), w = from.size(2), c = from.size(3);
  const float* x = from.data<float>();
  float* y = to.data<float>();
  std::memset(y, 0, static_cast<size_t>(to.numel()) * sizeof(float));
  const auto ways = static_cast<uint64_t>(2 * most + 1);
  for (int64_t n = 0; n < from.size(0); ++n, x += h * w * c, y += h * w * c) {
    const int64_t down = static_cast<int64_t>(generator.below(ways)) - most;
    const int64_t right = static_cast<int64_t>(generator.below(ways)) - most;
    const int64_t kept = w - std::min(w, std::abs(right));
    const int64_t first = std::max<int64_t>(0, down), last = std::min(h, h + down);
    for (int64_t row = first; row < last; ++row) {
      const float* source = x + ((row - down) * w + std::max<int64_t>(0, -right)) * c;
      float* target = y + (row * w + std::max<int64_t>(0, right)) * c;
      std::memcpy(target, source, static_cast<size_t>(kept * c) * sizeof(float));
    }
  }
  return to;
}

}  // namespace strata
