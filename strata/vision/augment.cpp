#include "strata/vision/augment.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/joining.h"
#include "strata/ops/views.h"

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
  const int64_t side = std::min(images.size(1), images.size(2));
  if (most < 0 || (most > 0 && most >= side)) {
    throw ValueError("random_shift",
                     fmt::format("most must be at least 0 and less than a side of {}, got {}",
                                 describe(images), most));
  }
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

namespace {

struct Box {
  int64_t top = 0, left = 0, h = 0, w = 0;
};

/// Empty where no attempt fits.
Box draw_box(int64_t h, int64_t w, const ErasingConfig& c, Generator& generator) {
  const double all = static_cast<double>(h) * static_cast<double>(w);
  const double least = std::log(c.least_ratio), most = std::log(c.most_ratio);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double area = all * (c.least_area + (c.most_area - c.least_area) * generator.uniform());
    const double ratio = std::exp(least + (most - least) * generator.uniform());
    const auto high = static_cast<int64_t>(std::round(std::sqrt(area * ratio)));
    const auto wide = static_cast<int64_t>(std::round(std::sqrt(area / ratio)));
    if (high >= h || wide >= w) continue;
    const auto top = generator.below(static_cast<uint64_t>(h - high + 1));
    const auto left = generator.below(static_cast<uint64_t>(w - wide + 1));
    return {static_cast<int64_t>(top), static_cast<int64_t>(left), high, wide};
  }
  return {};
}

/// The largest middle part whose width over height lies between the two.
CropBox middle(int64_t height, int64_t width, double least_ratio, double most_ratio) {
  CropBox box{.height = height, .width = width};
  const auto h = static_cast<double>(height), w = static_cast<double>(width);
  if (w / h < least_ratio) {
    box.height = std::clamp<int64_t>(std::llrint(w / least_ratio), 1, height);
  } else if (w / h > most_ratio) {
    box.width = std::clamp<int64_t>(std::llrint(h * most_ratio), 1, width);
  }
  box.top = (height - box.height) / 2;
  box.left = (width - box.width) / 2;
  return box;
}

}  // namespace

CropBox crop_box(int64_t height, int64_t width, const ResizedCropConfig& c,
                 FunctionRef<double()> uniform) {
  const auto ordered = [](double low, double high) { return low > 0 && low <= high; };
  if (height < 1 || width < 1 || !ordered(c.least_area, c.most_area) ||
      !ordered(c.least_ratio, c.most_ratio)) {
    throw ValueError(
        "crop_box",
        fmt::format("of {} x {} pixels areas of {} to {} with ratios of {} to {}", width, height,
                    c.least_area, c.most_area, c.least_ratio, c.most_ratio));
  }
  constexpr int kAttempts = 10;
  const double all = static_cast<double>(height) * static_cast<double>(width);
  const auto between = [&](double low, double high) { return low + (high - low) * uniform(); };
  const auto place = [&](int64_t rest) {
    return static_cast<int64_t>(uniform() * static_cast<double>(rest + 1));
  };
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double area = all * between(c.least_area, c.most_area);
    const double ratio = std::exp(between(std::log(c.least_ratio), std::log(c.most_ratio)));
    // llrint rounds halves to even, as Python.
    CropBox box{.height = std::llrint(std::sqrt(area / ratio)),
                .width = std::llrint(std::sqrt(area * ratio))};
    if (box.width < 1 || box.width > width || box.height < 1 || box.height > height) continue;
    box.top = place(height - box.height);
    box.left = place(width - box.width);
    return box;
  }
  return middle(height, width, c.least_ratio, c.most_ratio);
}

Tensor random_resized_crop(const Tensor& images, int64_t height, int64_t width,
                           const ResizedCropConfig& config, Generator& generator) {
  if (images.rank() == 4 && images.numel() > 0) {
    std::vector<Tensor> parts;
    for (int64_t n = 0; n < images.size(0); ++n) {
      parts.push_back(
          random_resized_crop(select(images.detach(), 0, n), height, width, config, generator));
    }
    return stack(parts);
  }
  if (images.rank() != 3 || images.numel() == 0) {
    throw ShapeError(
        "random_resized_crop",
        fmt::format("takes an image [H, W, C] or several [N, H, W, C], got {}", describe(images)));
  }
  const CropBox box =
      crop_box(images.size(0), images.size(1), config, [&] { return generator.uniform(); });
  const Tensor rows = slice(images.detach(), 0, box.top, box.top + box.height);
  return resize(slice(rows, 1, box.left, box.left + box.width), height, width, config.resample);
}

Tensor random_erasing(const Tensor& images, const ErasingConfig& config, Generator& generator) {
  if (images.rank() != 4) {
    throw ShapeError("random_erasing", "takes images [N, H, W, C], got " + describe(images));
  }
  if (!(config.p >= 0 && config.p <= 1)) {
    throw ValueError("random_erasing", "no probability: " + std::to_string(config.p));
  }
  if (!(config.least_area >= 0 && config.least_area <= config.most_area && config.most_area <= 1 &&
        config.least_ratio > 0 && config.least_ratio <= config.most_ratio)) {
    throw ValueError("random_erasing", "areas or ratios are out of order");
  }
  Tensor out = copy(images.detach());
  const int64_t h = out.size(1), w = out.size(2), c = out.size(3);
  for (int64_t n = 0; n < out.size(0); ++n) {
    if (generator.uniform() >= config.p) continue;
    const Box box = draw_box(h, w, config, generator);
    for (int64_t row = box.top; row < box.top + box.h; ++row) {
      float* at = out.data<float>() + ((n * h + row) * w + box.left) * c;
      for (int64_t i = 0; i < box.w * c; ++i) {
        at[i] = config.noise ? static_cast<float>(generator.normal()) : config.value;
      }
    }
  }
  return out;
}

}  // namespace strata
