#include "strata/data/digits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/base/random.h"

namespace strata {
namespace {

constexpr int kSize = 28;
constexpr int kPixels = kSize * kSize;
constexpr int kStepsPerPoint = 4;  // of a curve

struct Point {
  float x, y;
};

/// How people write each digit: strokes in the order of drawing, "-" with straight lines and "~" as
/// a curve, through points x,y in percent of the digit's box, y downwards.
constexpr std::array<std::array<std::string_view, 3>, 10> kGlyphs = {{
    {"~ 55,0 20,13 5,50 20,87 50,100 82,87 95,50 82,13 50,0",
     "~ 70,5 30,10 5,55 25,95 60,98 92,60 85,20 55,0 40,12"},
    {"- 50,0 50,100", "- 28,25 55,0 55,100", "- 30,22 55,0 55,100; - 25,100 85,100"},
    {"~ 10,25 30,3 65,2 85,25 70,50 35,78 6,100; - 6,100 95,98",
     "~ 12,20 45,0 82,20 65,55 30,90 8,95 14,78 40,86 65,98 95,90"},
    {"~ 10,12 45,0 80,14 74,38 40,47; ~ 40,47 80,57 90,80 50,100 8,88",
     "- 10,2 85,0 42,40; ~ 42,40 82,50 88,80 48,100 6,90"},
    {"- 25,0 6,58 95,56; - 70,12 68,100", "- 66,100 66,0 4,66 97,64",
     "~ 15,0 10,40 40,52 80,45; - 85,0 78,100"},
    {"- 88,0 22,2 16,44; ~ 16,44 55,37 90,62 75,92 40,100 6,88",
     "- 90,4 30,0; ~ 30,0 20,38 50,42 84,62 70,93 10,98"},
    {"~ 75,0 35,20 10,60 25,95 60,100 88,78 70,52 35,54 12,74",
     "~ 45,0 20,40 12,80 45,100 80,85 70,60 35,62 20,85"},
    {"- 5,2 92,0 40,100", "- 5,2 92,0 40,100; - 35,50 86,48",
     "- 6,16 8,2 90,2; ~ 90,2 60,45 50,100"},
    {"~ 80,14 48,0 18,17 36,41 70,60 86,82 50,100 12,82 30,60 68,38 82,16",
     "~ 50,46 20,32 25,6 55,0 82,15 75,38 50,46 12,64 15,92 50,100 88,90 84,62 50,46"},
    {"~ 86,16 50,0 14,20 20,46 50,52 82,34 86,14; ~ 86,14 82,60 66,100",
     "~ 84,22 52,0 16,18 24,48 62,50 85,20 88,60 62,97 18,93"},
}};

struct Stroke {
  bool curved;
  std::vector<Point> points;
};

std::vector<Stroke> parse_glyph(std::string_view text) {
  std::vector<Stroke> strokes;
  const auto number = [&] {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return static_cast<float>(value) / 100;
  };
  while (!text.empty()) {
    const char c = text.front();
    if (c < '0' || c > '9') {
      if (c == '-' || c == '~') strokes.push_back({c == '~', {}});
      text.remove_prefix(1);
      continue;
    }
    const float x = number();
    text.remove_prefix(1);
    strokes.back().points.push_back({x, number()});
  }
  return strokes;
}

/// Draws of one image.
class Pen {
 public:
  Pen(uint64_t seed, uint64_t stream) : random_(seed) { random_.stream = stream; }

  float between(float low, float high) {
    return low + (high - low) * static_cast<float>(random_.uniform());
  }
  float normal(float spread) { return spread * static_cast<float>(random_.normal()); }
  size_t below(size_t n) { return random_.below(n); }
  std::array<uint32_t, 4> bits() { return philox(random_.seed, random_.next_stream(), 0); }

 private:
  Generator random_;
};

/// From the unit square to pixels: a bend, then stretch, slant, turn and shift.
struct Warp {
  float bend_x, bend_y, phase_x, phase_y, xx, xy, yx, yy, x0, y0;

  explicit Warp(Pen& pen) {
    bend_x = pen.normal(.05f);
    bend_y = pen.normal(.04f);
    phase_x = pen.between(0, 6.28f);
    phase_y = pen.between(0, 6.28f);
    const float height = pen.between(16, 21);
    const float width = height * pen.between(.5f, .95f);
    const float slant = pen.normal(.22f);
    const float turn = pen.normal(.12f);
    const float c = std::cos(turn), s = std::sin(turn);
    xx = c * width;
    xy = (-c * slant - s) * height;
    yx = s * width;
    yy = (c - s * slant) * height;
    x0 = 13.5f + pen.normal(1.2f);
    y0 = 13.5f + pen.normal(1.2f);
  }
  Point operator()(Point p) const {
    const float x = p.x - .5f + bend_x * std::sin(phase_x + 4 * p.y);
    const float y = p.y - .5f + bend_y * std::sin(phase_y + 4 * p.x);
    return {x0 + xx * x + xy * y, y0 + yx * x + yy * y};
  }
};

/// The curve through p1 and p2 whose neighbours are p0 and p3 (Catmull-Rom), at t in 0 ... 1.
Point curve(Point p0, Point p1, Point p2, Point p3, float t) {
  const auto blend = [t](float a, float b, float c, float d) {
    return b + .5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  };
  return {blend(p0.x, p1.x, p2.x, p3.x), blend(p0.y, p1.y, p2.y, p3.y)};
}

/// The corners of a stroke in the order of drawing, curves as short lines.
std::vector<Point> trace(const Stroke& stroke, const std::vector<Point>& p) {
  if (!stroke.curved) return p;
  std::vector<Point> out;
  const size_t last = p.size() - 1;
  for (size_t i = 0; i < last; ++i) {
    for (int k = 0; k < kStepsPerPoint; ++k) {
      const float t = static_cast<float>(k) / kStepsPerPoint;
      out.push_back(curve(p[i == 0 ? 0 : i - 1], p[i], p[i + 1], p[std::min(i + 2, last)], t));
    }
  }
  out.push_back(p[last]);
  return out;
}

/// Lays ink within `radius` of the line from a to b, with a soft edge one pixel wide.
void draw_line(float* image, Point a, Point b, float radius, float ink) {
  const float reach = radius + .5f;
  const auto first = [&](float v) { return std::max(0, static_cast<int>(std::ceil(v - reach))); };
  const auto last = [&](float v) {
    return std::min(kSize - 1, static_cast<int>(std::floor(v + reach)));
  };
  const float dx = b.x - a.x, dy = b.y - a.y;
  const float scale = 1 / std::max(dx * dx + dy * dy, 1e-6f);
  for (int y = first(std::min(a.y, b.y)); y <= last(std::max(a.y, b.y)); ++y) {
    for (int x = first(std::min(a.x, b.x)); x <= last(std::max(a.x, b.x)); ++x) {
      const float px = static_cast<float>(x) - a.x, py = static_cast<float>(y) - a.y;
      const float t = std::clamp((px * dx + py * dy) * scale, 0.f, 1.f);
      const float ex = px - t * dx, ey = py - t * dy;
      const float cover = std::clamp(reach - std::sqrt(ex * ex + ey * ey), 0.f, 1.f);
      float& pixel = image[y * kSize + x];
      pixel = std::max(pixel, ink * cover);
    }
  }
}

void add_noise(float* image, float amount, Pen& pen) {
  for (int i = 0; i < kPixels; i += 4) {
    const std::array<uint32_t, 4> bits = pen.bits();
    for (int k = 0; k < 4; ++k) {
      const uint32_t b = bits[static_cast<size_t>(k)];
      const float sum = static_cast<float>((b & 0xffff) + (b >> 16)) / 65535.f;  // 0 ... 2
      image[i + k] = std::clamp(image[i + k] + amount * (sum - 1), 0.f, 1.f);
    }
  }
}

void draw_digit(float* image, int64_t label, Pen& pen) {
  const auto& styles = kGlyphs[static_cast<size_t>(label)];
  const auto* end = std::find(styles.begin(), styles.end(), std::string_view());
  const std::vector<Stroke> glyph =
      parse_glyph(styles[pen.below(static_cast<size_t>(end - styles.begin()))]);
  const Warp warp(pen);
  const float radius = pen.between(.6f, 1.7f);
  const float ink = pen.between(.7f, 1);
  std::fill(image, image + kPixels, 0.f);
  for (const Stroke& stroke : glyph) {
    std::vector<Point> points;
    for (const Point p : stroke.points) {
      points.push_back(warp({p.x + pen.normal(.035f), p.y + pen.normal(.035f)}));
    }
    const std::vector<Point> line = trace(stroke, points);
    for (size_t i = 1; i < line.size(); ++i) draw_line(image, line[i - 1], line[i], radius, ink);
  }
  add_noise(image, pen.between(0, .25f), pen);
}

}  // namespace

TensorDataset generate_digits(int64_t count, Split split, uint64_t seed) {
  if (count < 0) throw ValueError("generate_digits", "a negative number of digits");
  Tensor x = empty({count, kSize, kSize, 1});
  Tensor y = empty({count}, DType::i64);
  float* images = x.data<float>();
  int64_t* labels = y.data<int64_t>();
  const uint64_t part = split == Split::train ? 0 : uint64_t{1} << 63;
  parallel_for(count, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Pen pen(seed, part + (static_cast<uint64_t>(i) << 16));  // an image draws fewer than 2^16
      labels[i] = static_cast<int64_t>(pen.below(10));
      draw_digit(images + i * kPixels, labels[i], pen);
    }
  });
  return TensorDataset(x, y);
}

}  // namespace strata
