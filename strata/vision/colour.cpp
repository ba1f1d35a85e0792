#include "strata/vision/colour.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"

namespace strata {
namespace {

/// The pixels of one image.
struct Picture {
  float* pixels;
  int64_t count, channels;
};

Picture picture(Tensor& images, int64_t n) {
  const int64_t count = images.size(1) * images.size(2), channels = images.size(3);
  return {images.data<float>() + n * count * channels, count, channels};
}

Tensor fresh(const char* name, const Tensor& images) {
  if (images.rank() != 4 || (images.size(3) != 1 && images.size(3) != 3)) {
    throw ShapeError(name, "takes images [N, H, W, 1 or 3], got " + describe(images));
  }
  if (images.dtype() != DType::f32) {
    throw DTypeError(name, "takes images of f32, got " + describe(images));
  }
  return copy(images.detach());
}

float held(float x) { return std::clamp(x, 0.0f, 1.0f); }

float grey(const float* p) { return 0.2989f * p[0] + 0.587f * p[1] + 0.114f * p[2]; }

/// factor * x + (1 - factor) * other(pixel).
template <class Other>
void blend(const Picture& image, double factor, const Other& other) {
  const auto own = static_cast<float>(factor), rest = static_cast<float>(1 - factor);
  for (int64_t i = 0; i < image.count; ++i) {
    float* p = image.pixels + i * image.channels;
    const float from = other(p);
    for (int64_t c = 0; c < image.channels; ++c) p[c] = held(own * p[c] + rest * from);
  }
}

void brightness(const Picture& image, double factor) {
  blend(image, factor, [](const float*) { return 0.0f; });
}

void contrast(const Picture& image, double factor) {
  double sum = 0;
  for (int64_t i = 0; i < image.count; ++i) {
    const float* p = image.pixels + i * image.channels;
    sum += image.channels == 3 ? grey(p) : *p;
  }
  const auto mean = static_cast<float>(sum / static_cast<double>(image.count));
  blend(image, factor, [mean](const float*) { return mean; });
}

void saturation(const Picture& image, double factor) {
  if (image.channels == 3) blend(image, factor, grey);
}

/// The hue of a pixel as a part of the circle.
float hue_of(const float* p, float most, float range) {
  if (range == 0) return 0;
  const float r = (most - p[0]) / range, g = (most - p[1]) / range, b = (most - p[2]) / range;
  const float h = most == p[0] ? b - g : most == p[1] ? 2 + r - b : 4 + g - r;
  return std::fmod(h / 6 + 1, 1.0f);
}

void turn_hue(const Picture& image, double by) {
  if (image.channels != 3) return;
  const auto turn = static_cast<float>(by);
  for (int64_t i = 0; i < image.count; ++i) {
    float* x = image.pixels + i * 3;
    const auto [least, most] = std::minmax({x[0], x[1], x[2]});
    const float range = most - least, s = range == 0 ? 0 : range / most;
    float h = hue_of(x, most, range) + turn;
    h -= std::floor(h);
    const float sector = std::floor(h * 6), f = h * 6 - sector;
    const float p = held(most * (1 - s)), q = held(most * (1 - s * f)),
                t = held(most * (1 - s * (1 - f)));
    const std::array<std::array<float, 3>, 6> ways = {
        {{most, t, p}, {q, most, p}, {p, most, t}, {p, q, most}, {t, p, most}, {most, p, q}}};
    std::copy_n(ways[static_cast<size_t>(sector) % 6].begin(), 3, x);
  }
}

void require_factor(const char* name, double factor) {
  if (!(factor >= 0) || !std::isfinite(factor)) {
    throw ValueError(name, fmt::format("a factor is out of range: {}", factor));
  }
}

void require_turn(const char* name, double turn) {
  if (!(std::abs(turn) <= 0.5)) {
    throw ValueError(name, fmt::format("a hue is turned by at most half a circle, not {}", turn));
  }
}

template <class Change>
Tensor change_all(const char* name, const Tensor& images, const Change& change) {
  Tensor out = fresh(name, images);
  for (int64_t n = 0; n < out.size(0); ++n) change(picture(out, n));
  return out;
}

}  // namespace

Tensor adjust_brightness(const Tensor& images, double factor) {
  require_factor("adjust_brightness", factor);
  return change_all("adjust_brightness", images, [&](auto p) { brightness(p, factor); });
}

Tensor adjust_contrast(const Tensor& images, double factor) {
  require_factor("adjust_contrast", factor);
  return change_all("adjust_contrast", images, [&](auto p) { contrast(p, factor); });
}

Tensor adjust_saturation(const Tensor& images, double factor) {
  require_factor("adjust_saturation", factor);
  return change_all("adjust_saturation", images, [&](auto p) { saturation(p, factor); });
}

Tensor adjust_hue(const Tensor& images, double turn) {
  require_turn("adjust_hue", turn);
  return change_all("adjust_hue", images, [&](auto p) { turn_hue(p, turn); });
}

Tensor colour_jitter(const Tensor& images, const ColourJitterConfig& c, Generator& generator) {
  for (const double range : {c.brightness, c.contrast, c.saturation, c.hue}) {
    require_factor("colour_jitter", range);
  }
  require_turn("colour_jitter", c.hue);
  return change_all("colour_jitter", images, [&](const Picture& image) {
    const auto factor = [&](double range) {
      const double low = std::max(0.0, 1 - range);
      return low + (1 + range - low) * generator.uniform();
    };
    const double light = factor(c.brightness), spread = factor(c.contrast),
                 colour = factor(c.saturation), turn = c.hue * (2 * generator.uniform() - 1);
    std::array<int, 4> order = {0, 1, 2, 3};
    for (size_t i = 4; i > 1; --i) std::swap(order[i - 1], order[generator.below(i)]);
    for (const int step : order) {
      if (step == 0 && c.brightness > 0) brightness(image, light);
      if (step == 1 && c.contrast > 0) contrast(image, spread);
      if (step == 2 && c.saturation > 0) saturation(image, colour);
      if (step == 3 && c.hue > 0) turn_hue(image, turn);
    }
  });
}

}  // namespace strata
