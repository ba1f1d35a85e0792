#include "strata/vision/digit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/io/png.h"
#include "strata/ops/creation.h"
#include "strata/vision/image.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

constexpr int64_t kHeight = 300, kWidth = 240;

/// A "7" of straight strokes `pen` pixels wide, and how much ink lies on a pixel: 0 ... 1.
double seven(double x, double y, double pen) {
  const auto line = [&](double ax, double ay, double bx, double by) {
    const double t = std::clamp(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) /
                                    ((bx - ax) * (bx - ax) + (by - ay) * (by - ay)),
                                0.0, 1.0);
    return std::hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
  };
  const double d = std::min(line(70, 60, 170, 60), line(170, 60, 110, 230));
  return std::clamp(pen / 2 - d + 0.5, 0.0, 1.0);
}

/// A photo of it: ground(x, y) without ink, ink_light under full ink, some noise.
Tensor photo(double pen, const std::function<double(double, double)>& ground, double ink_light) {
  Tensor image = empty({kHeight, kWidth, 3}, DType::u8);
  Generator random(1);
  for (int64_t y = 0; y < kHeight; ++y) {
    for (int64_t x = 0; x < kWidth; ++x) {
      const auto fx = static_cast<double>(x), fy = static_cast<double>(y);
      const double ink = seven(fx, fy, pen);
      const double light = ground(fx, fy);
      const double value = light * (1 - ink) + ink_light * ink + 3 * random.normal();
      for (int64_t c = 0; c < 3; ++c) {
        image.data<uint8_t>()[(y * kWidth + x) * 3 + c] =
            static_cast<uint8_t>(std::clamp(value + 4.0 * static_cast<double>(c), 0.0, 255.0));
      }
    }
  }
  return image;
}

/// What MNIST's rules promise of an image, and how like the ideal "7" it is.
void expect_mnist_like(const Tensor& digit, double pen, const std::string& what) {
  ASSERT_EQ(describe(digit), "f32[28, 28, 1]") << what;
  const std::vector<float> v = digit.to_vector<float>();
  double mass = 0, mx = 0, my = 0;
  int64_t left = 28, right = -1, top = 28, bottom = -1;
  for (int64_t i = 0; i < 28 * 28; ++i) {
    const float value = v[static_cast<size_t>(i)];
    EXPECT_GE(value, 0.f);
    EXPECT_LE(value, 1.f);
    mass += value;
    mx += value * static_cast<double>(i % 28);
    my += value * static_cast<double>(i / 28);
    if (value < 0.2f) continue;
    left = std::min(left, i % 28), right = std::max(right, i % 28);
    top = std::min(top, i / 28), bottom = std::max(bottom, i / 28);
  }
  EXPECT_NEAR(mx / mass, 14, 0.51) << what;
  EXPECT_NEAR(my / mass, 14, 0.51) << what;
  EXPECT_NEAR(static_cast<double>(std::max(right - left, bottom - top) + 1), 20, 1) << what;
  EXPECT_EQ(*std::max_element(v.begin(), v.end()), 1.f) << what;
  EXPECT_EQ(v[0], 0.f) << what;
  EXPECT_GT(mass, 35) << what;
  EXPECT_LT(mass, 130) << what;

  // The "7" itself at this scale, laid on the same centre.
  double same = 0, ours = 0, theirs = 0;
  const double width = std::max(pen, 17.0);  // finer pens are widened
  const double scale = (170 + width) / 20, cx = mx / mass, cy = my / mass;
  for (int64_t i = 0; i < 28 * 28; ++i) {
    const double x = (static_cast<double>(i % 28) - cx) * scale + 132.9;
    const double y = (static_cast<double>(i / 28) - cy) * scale + 114.6;
    const double ideal = seven(x, y, width);
    const double got = v[static_cast<size_t>(i)];
    same += ideal * got, ours += got * got, theirs += ideal * ideal;
  }
  EXPECT_GT(same / std::sqrt(ours * theirs), 0.75) << what;
}

TEST(DigitFromPhoto, UnevenLightAndFinePens) {
  const testing::TempFolder folder;
  const auto shadow = [](double x, double y) { return 235 - 0.35 * x - 0.2 * y; };
  const auto lamp = [](double x, double y) {
    return 90 + 150 * std::exp(-std::hypot(x - 200, y - 40) / 200);
  };
  const auto flat = [](double, double) { return 250.0; };
  for (const double pen : {4.0, 10.0, 18.0, 30.0}) {
    for (const auto& [name, ground] :
         {std::pair<std::string, std::function<double(double, double)>>("shadow", shadow),
          {"lamp", lamp},
          {"flat", flat}}) {
      const std::string what = name + ", pen " + std::to_string(pen);
      const Tensor image = photo(pen, ground, 30);
      write_png(folder / "a.png", image);
      expect_mnist_like(digit_from_photo(read_png(folder / "a.png")), pen, what);
      expect_mnist_like(digit_from_photo(invert(image)), pen, what + ", light on dark");
    }
  }
}

TEST(DigitFromPhoto, ForgetsSpecksAndEdges) {
  Tensor image = photo(
      14, [](double, double) { return 220.0; }, 40);
  const auto blot = [&](int64_t y0, int64_t x0, int64_t h, int64_t w) {
    for (int64_t y = y0; y < y0 + h; ++y) {
      for (int64_t i = (y * kWidth + x0) * 3; i < (y * kWidth + x0 + w) * 3; ++i)
        image.data<uint8_t>()[i] = 30;
    }
  };
  blot(20, 200, 5, 5);
  blot(270, 20, 6, 4);
  blot(0, 0, 300, 8);
  expect_mnist_like(digit_from_photo(image), 14, "specks and a dark edge");
}

TEST(DigitFromPhoto, RefusesEmptyPictures) {
  EXPECT_THROW(digit_from_photo(full({50, 50, 1}, 200, DType::u8)), ValueError);
  EXPECT_THROW(digit_from_photo(zeros({28, 28, 1})), ValueError);
  EXPECT_THROW(digit_from_photo(zeros({1, 1, 3}, DType::u8)), ValueError);
  EXPECT_THROW(digit_from_photo(zeros({28, 28})), ShapeError);
  EXPECT_THROW(digit_from_photo(zeros({28, 28, 1}, DType::f64)), DTypeError);
}

}  // namespace
}  // namespace strata
