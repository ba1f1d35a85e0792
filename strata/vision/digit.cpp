#include "strata/vision/digit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/vision/image.h"

namespace strata {
namespace {

constexpr int64_t kField = 28;        // MNIST's image
constexpr int64_t kBox = 20;          // its digits fit into this
constexpr int64_t kMostSide = 400;    // larger photos are reduced first
constexpr float kThinnest = 1.8f;     // pixels of a stroke in the box; MNIST's median is 1.9
constexpr float kLeastContrast = 12;  // of 255, between ink and ground

/// A grey picture, 0 ... 255.
struct Grey {
  int64_t height = 0, width = 0;
  std::vector<float> at;

  Grey(int64_t h, int64_t w) : height(h), width(w), at(static_cast<size_t>(h * w)) {}
  float& operator()(int64_t y, int64_t x) { return at[static_cast<size_t>(y * width + x)]; }
  float operator()(int64_t y, int64_t x) const { return at[static_cast<size_t>(y * width + x)]; }
};

struct Rect {
  int64_t top, left, bottom, right;  // the last two are outside
  int64_t height() const { return bottom - top; }
  int64_t width() const { return right - left; }
};

Grey grey_of(const Tensor& image) {
  Tensor grey = to_grayscale(image);
  const int64_t longest = std::max(grey.size(0), grey.size(1));
  if (longest > kMostSide) {
    const auto fit = [&](int64_t n) { return std::max<int64_t>(1, n * kMostSide / longest); };
    grey = resize(grey, fit(grey.size(0)), fit(grey.size(1)));
  }
  Grey out(grey.size(0), grey.size(1));
  out.at = grey.to_vector<float>();
  if (image.dtype() == DType::f32) {
    for (float& v : out.at) v = std::isfinite(v) ? std::clamp(v, 0.f, 1.f) * 255 : 0;
  }
  return out;
}

/// Replaces each pixel by fold(first, last) of the window of `radius` around it, rows then columns.
template <class F>
Grey sweep(const Grey& in, int64_t radius, F&& fold) {
  Grey rows(in.height, in.width), out(in.height, in.width);
  std::vector<float> line;
  for (int64_t y = 0; y < in.height; ++y) {
    const float* row = in.at.data() + y * in.width;
    for (int64_t x = 0; x < in.width; ++x) {
      rows(y, x) =
          fold(row + std::max<int64_t>(0, x - radius), row + std::min(in.width, x + radius + 1));
    }
  }
  line.resize(static_cast<size_t>(in.height));
  for (int64_t x = 0; x < in.width; ++x) {
    for (int64_t y = 0; y < in.height; ++y) line[static_cast<size_t>(y)] = rows(y, x);
    for (int64_t y = 0; y < in.height; ++y) {
      out(y, x) = fold(line.data() + std::max<int64_t>(0, y - radius),
                       line.data() + std::min(in.height, y + radius + 1));
    }
  }
  return out;
}

float least(const float* a, const float* b) { return *std::min_element(a, b); }
float most(const float* a, const float* b) { return *std::max_element(a, b); }
float mean(const float* a, const float* b) {
  float sum = 0;
  for (const float* p = a; p < b; ++p) sum += *p;
  return sum / static_cast<float>(b - a);
}

/// How much each pixel is inked. Strokes are the few pixels that differ most from what surrounds
/// them: the third moment of the difference tells dark on light from light on dark. What is left
/// when everything thinner than a quarter of the picture is taken away (an opening) is the ground,
/// however the light falls on it.
Grey ink_of(Grey grey) {
  const int64_t radius = std::max<int64_t>(2, std::min(grey.height, grey.width) / 8);
  const Grey around = sweep(grey, 2 * radius, mean);
  double third = 0;
  for (size_t i = 0; i < grey.at.size(); ++i) third += std::pow(grey.at[i] - around.at[i], 3);
  if (third < 0) {
    for (float& v : grey.at) v = 255 - v;
  }
  const Grey ground = sweep(sweep(sweep(grey, radius, least), radius, most), radius / 2, mean);
  for (size_t i = 0; i < grey.at.size(); ++i) grey.at[i] = std::max(0.f, grey.at[i] - ground.at[i]);
  return grey;
}

/// The threshold that separates the values into the two most different classes (Otsu, "A threshold
/// selection method from gray-level histograms", 1979).
float otsu(const std::vector<float>& values) {
  std::array<double, 256> histogram{};
  for (const float v : values) histogram[static_cast<size_t>(std::clamp(v, 0.f, 255.f))] += 1;
  double total = 0, weight = 0, sum = 0, best = -1;
  for (size_t i = 0; i < 256; ++i) total += static_cast<double>(i) * histogram[i];
  size_t threshold = 0;
  const auto n = static_cast<double>(values.size());
  for (size_t i = 0; i < 255; ++i) {
    weight += histogram[i];
    sum += static_cast<double>(i) * histogram[i];
    if (weight == 0 || weight == n) continue;
    const double gap = sum / weight - (total - sum) / (n - weight);
    const double between = weight * (n - weight) * gap * gap;
    if (between > best) best = between, threshold = i;
  }
  return static_cast<float>(threshold + 1);
}

/// Connected patches of ink: the pixel's patch, from 1, or 0 for ground.
struct Patches {
  std::vector<int> label;
  std::vector<int64_t> area;  // of each patch; [0] is unused
  std::vector<bool> at_edge;  // whether it touches the picture's edge
};

Patches find_patches(const Grey& ink, float threshold) {
  Patches p{std::vector<int>(ink.at.size()), {0}, {false}};
  std::vector<std::pair<int64_t, int64_t>> open;
  const auto visit = [&](int64_t y, int64_t x) {
    if (y < 0 || x < 0 || y >= ink.height || x >= ink.width) return;
    int& label = p.label[static_cast<size_t>(y * ink.width + x)];
    if (label != 0 || ink(y, x) < threshold) return;
    label = static_cast<int>(p.area.size()) - 1;
    open.emplace_back(y, x);
  };
  for (int64_t start = 0; start < ink.height * ink.width; ++start) {
    p.area.push_back(0);
    p.at_edge.push_back(false);
    visit(start / ink.width, start % ink.width);
    if (open.empty()) {
      p.area.pop_back();
      p.at_edge.pop_back();
    }
    while (!open.empty()) {
      const auto [y, x] = open.back();
      open.pop_back();
      ++p.area.back();
      if (y == 0 || x == 0 || y == ink.height - 1 || x == ink.width - 1) p.at_edge.back() = true;
      for (int64_t dy = -1; dy <= 1; ++dy) {
        for (int64_t dx = -1; dx <= 1; ++dx) visit(y + dy, x + dx);
      }
    }
  }
  return p;
}

/// Wipes what is no part of the digit: specks, and, unless it is all there is, what runs out of the
/// picture (the paper's edge, a shadow). Returns the box around the rest.
Rect keep_digit(Grey& ink, float threshold) {
  const Patches p = find_patches(ink, threshold);
  int64_t inside = 0, largest = 0;
  for (size_t i = 1; i < p.area.size(); ++i) {
    largest = std::max(largest, p.area[i]);
    if (!p.at_edge[i]) inside = std::max(inside, p.area[i]);
  }
  const bool drop_edge = inside * 8 >= largest;
  const int64_t enough = std::max<int64_t>(1, (drop_edge ? inside : largest) / 10);
  Rect box{ink.height, ink.width, 0, 0};
  Grey wiped(ink.height, ink.width);
  for (int64_t y = 0; y < ink.height; ++y) {
    for (int64_t x = 0; x < ink.width; ++x) {
      const auto i = static_cast<size_t>(p.label[static_cast<size_t>(y * ink.width + x)]);
      if (i == 0 || p.area[i] < enough || (drop_edge && p.at_edge[i])) continue;
      wiped(y, x) = ink(y, x);
      box = {std::min(box.top, y), std::min(box.left, x), std::max(box.bottom, y + 1),
             std::max(box.right, x + 1)};
    }
  }
  ink = wiped;
  return box;
}

/// Twice the area over the outline: the width of a long stroke.
float stroke_width(const Grey& ink) {
  int64_t area = 0, outline = 0;
  for (int64_t y = 0; y < ink.height; ++y) {
    for (int64_t x = 0; x < ink.width; ++x) {
      if (ink(y, x) <= 0) continue;
      ++area;
      outline += (y == 0 || ink(y - 1, x) <= 0) + (y + 1 == ink.height || ink(y + 1, x) <= 0) +
                 (x == 0 || ink(y, x - 1) <= 0) + (x + 1 == ink.width || ink(y, x + 1) <= 0);
    }
  }
  return 2 * static_cast<float>(area) / static_cast<float>(std::max<int64_t>(outline, 1));
}

/// Writes `small` into the 28 x 28 field with its centre of mass at (14, 14).
Tensor centre(const Tensor& small) {
  double mass = 0, my = 0, mx = 0;
  const float* in = small.data<float>();
  const int64_t h = small.size(0), w = small.size(1);
  for (int64_t i = 0; i < h * w; ++i) {
    mass += in[i];
    my += in[i] * static_cast<double>(i / w);
    mx += in[i] * static_cast<double>(i % w);
  }
  const auto top = static_cast<int64_t>(std::lround(kField / 2 - my / mass));
  const auto left = static_cast<int64_t>(std::lround(kField / 2 - mx / mass));
  Tensor out = empty({kField, kField, 1});
  fill_(out, 0);
  for (int64_t y = 0; y < h; ++y) {
    for (int64_t x = 0; x < w; ++x) {
      if (y + top < 0 || x + left < 0 || y + top >= kField || x + left >= kField) continue;
      out.data<float>()[(y + top) * kField + x + left] = in[y * w + x];
    }
  }
  return out;
}

}  // namespace

Tensor digit_from_photo(const Tensor& image) {
  Grey ink = ink_of(grey_of(image));
  const float threshold = otsu(ink.at);
  std::vector<float> sorted = ink.at;
  std::sort(sorted.begin(), sorted.end());
  const float strongest = sorted[sorted.size() - 1 - sorted.size() / 500];
  if (strongest < kLeastContrast) {
    throw ValueError(
        "digit_from_photo",
        fmt::format("nothing is drawn on this picture of {} x {}", image.size(1), image.size(0)),
        "a dark digit on light ground, or light on dark, that fills most of it");
  }
  Rect box = keep_digit(ink, threshold);
  const auto scale_of = [&] {
    return static_cast<float>(kBox) / static_cast<float>(std::max(box.height(), box.width()));
  };
  // Fine pens would fade away when the picture shrinks: make their strokes wider first.
  const float missing = (kThinnest / scale_of() - stroke_width(ink)) / 2;
  if (const int64_t grow = std::lround(missing); grow > 0) {
    ink = sweep(ink, grow, most);
    box = {std::max<int64_t>(0, box.top - grow), std::max<int64_t>(0, box.left - grow),
           std::min(ink.height, box.bottom + grow), std::min(ink.width, box.right + grow)};
  }
  const float scale = scale_of();
  Tensor digit = empty({box.height(), box.width(), 1});
  const float full = strongest * 0.8f;
  for (int64_t y = 0; y < box.height(); ++y) {
    for (int64_t x = 0; x < box.width(); ++x) {
      digit.data<float>()[y * box.width() + x] =
          std::min(1.f, ink(box.top + y, box.left + x) / full);
    }
  }
  const auto fit = [&](int64_t n) {
    return std::max<int64_t>(1, std::lround(static_cast<float>(n) * scale));
  };
  Tensor small = resize(digit, fit(box.height()), fit(box.width()));
  float* v = small.data<float>();
  const float peak = *std::max_element(v, v + small.numel());
  for (int64_t i = 0; i < small.numel(); ++i) v[i] /= peak;
  return centre(small);
}

}  // namespace strata
