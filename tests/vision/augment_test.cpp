// Against torchvision; tools/golden/augment.py made the numbers.
#include "strata/vision/augment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/io/safetensors.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "strata/vision/colour.h"
#include "strata/vision/warp.h"
#include "tests/support/difference.h"

namespace strata {
namespace {

const TensorMap& golden() {
  static const TensorMap dump =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/vision/augment.safetensors");
  return dump;
}

void expect_golden(const std::string& name, const Tensor& y, double tolerance = 2e-6) {
  EXPECT_LE(testing::largest_difference(y, golden().at(name)), tolerance) << name;
}

TEST(Augment, ColoursAreThoseOfTorchvision) {
  const Tensor& x = golden().at("x");
  for (const auto& [name, factor] : {std::pair("0", 0.0), {"0.4", 0.4}, {"1.7", 1.7}}) {
    expect_golden(std::string("brightness.") + name, adjust_brightness(x, factor));
    expect_golden(std::string("contrast.") + name, adjust_contrast(x, factor));
    expect_golden(std::string("saturation.") + name, adjust_saturation(x, factor));
  }
  for (const auto& [name, turn] : {std::pair("-0.5", -0.5), {"-0.13", -0.13}, {"0.3", 0.3}}) {
    expect_golden(std::string("hue.") + name, adjust_hue(x, turn), 5e-6);
  }
  const Tensor grey = slice(x, 3, 0, 1);
  expect_golden("grey", adjust_contrast(grey, 0.6));
  EXPECT_EQ(adjust_hue(grey, 0.2).to_vector<float>(), grey.to_vector<float>());
}

TEST(Augment, MovesAreThoseOfTorchvision) {
  const Tensor& x = golden().at("x");
  expect_golden("affine.turn", affine(x, {.angle = 33}), 1e-5);
  expect_golden("affine.shift", affine(x, {.right = 3, .down = -2}), 1e-5);
  expect_golden("affine.scale", affine(x, {.scale = 1.6}), 1e-5);
  expect_golden("affine.shear", affine(x, {.shear_x = 20, .shear_y = -11}), 1e-5);
  expect_golden(
      "affine.all",
      affine(x, {.angle = -71, .right = 2, .down = 1, .scale = 0.7, .shear_x = 9, .shear_y = 14}),
      1e-5);
  expect_golden("elastic", displace(x, golden().at("field")), 1e-5);
}

constexpr int64_t kCrops = 24, kSizes = 8;

/// The part that row k of "crops" stands for, from the numbers that torchvision drew.
CropBox drawn_box(int64_t k, std::vector<double>& drawn) {
  drawn = select(golden().at("crops"), 0, k).to_vector<double>();
  const ResizedCropConfig config{.least_area = drawn[2],
                                 .most_area = drawn[3],
                                 .least_ratio = drawn[4],
                                 .most_ratio = drawn[5]};
  size_t next = 6;
  return crop_box(static_cast<int64_t>(drawn[0]), static_cast<int64_t>(drawn[1]), config,
                  [&] { return drawn[next++]; });
}

TEST(Augment, CropsAreThoseOfTorchvision) {
  for (int64_t k = 0; k < kCrops; ++k) {
    std::vector<double> drawn;
    const CropBox box = drawn_box(k, drawn);
    const std::vector<double> wanted(drawn.end() - 4, drawn.end());
    const std::vector<double> got = {static_cast<double>(box.top), static_cast<double>(box.left),
                                     static_cast<double>(box.height),
                                     static_cast<double>(box.width)};
    EXPECT_EQ(got, wanted) << k;
  }
}

TEST(Augment, CropsAreResizedToTheByte) {
  const Tensor& picture = golden().at("picture");
  for (int64_t k = 0; k < kCrops; k += kSizes) {
    std::vector<double> drawn;
    const CropBox box = drawn_box(k, drawn);
    const Tensor& wanted = golden().at("cropped." + std::to_string(k));
    // The same part again, as the only one that is left to draw.
    const Tensor part =
        slice(slice(picture, 0, box.top, box.top + box.height), 1, box.left, box.left + box.width);
    const double ratio = static_cast<double>(box.width) / static_cast<double>(box.height);
    Generator g(1);
    const Tensor got =
        random_resized_crop(part, wanted.size(0), wanted.size(1),
                            {.least_area = 1, .least_ratio = ratio, .most_ratio = ratio}, g);
    EXPECT_EQ(got.to_vector<uint8_t>(), wanted.to_vector<uint8_t>()) << k;
  }
}

TEST(Augment, EachImageIsCroppedByItself) {
  const Tensor& x = golden().at("x");
  Generator one(5), all(5);
  const Tensor both = random_resized_crop(x, 7, 6, {}, all);
  ASSERT_EQ(describe(both), "f32[2, 7, 6, 3]");
  for (int64_t n = 0; n < 2; ++n) {
    const Tensor alone = random_resized_crop(select(x, 0, n), 7, 6, {}, one);
    EXPECT_EQ(select(both, 0, n).to_vector<float>(), alone.to_vector<float>());
  }
  EXPECT_EQ(one.stream, all.stream);
}

/// All augmentations that draw.
std::vector<Tensor> drawn(const Tensor& x, uint64_t seed) {
  Generator g(seed);
  std::vector<Tensor> out;
  out.push_back(
      colour_jitter(x, {.brightness = 0.4, .contrast = 0.4, .saturation = 0.4, .hue = 0.2}, g));
  out.push_back(random_affine(
      x, {.degrees = 20, .translate = 0.2, .least_scale = 0.8, .most_scale = 1.2, .shear = 5}, g));
  out.push_back(random_elastic(x, {.alpha = 20, .sigma = 2}, g));
  out.push_back(random_erasing(x, {.p = 1}, g));
  out.push_back(random_erasing(x, {.p = 1, .noise = true}, g));
  out.push_back(random_resized_crop(x, 9, 14, {.most_area = 0.5}, g));
  return out;
}

TEST(Augment, FollowsTheSeedAlone) {
  const Tensor& x = golden().at("x");
  const int before = thread_count();
  const auto first = drawn(x, 3), other = drawn(x, 4);
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    const auto again = drawn(x, 3);
    for (size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(first[i].to_vector<float>(), again[i].to_vector<float>()) << i;
      EXPECT_NE(first[i].to_vector<float>(), other[i].to_vector<float>()) << i;
      EXPECT_NE(first[i].to_vector<float>(), x.to_vector<float>()) << i;
    }
  }
  set_thread_count(before);
}

TEST(Augment, ImagesDiffer) {
  // The same picture many times: each is treated in a way of its own.
  const Tensor one = slice(golden().at("x"), 0, 0, 1);
  Tensor many = empty({16, 9, 14, 3});
  for (int64_t i = 0; i < 16; ++i) {
    std::copy_n(one.data<float>(), one.numel(), many.data<float>() + i * one.numel());
  }
  for (const Tensor& y : drawn(many, 9)) {
    std::set<std::vector<float>> seen;
    for (int64_t i = 0; i < 16; ++i) seen.insert(select(y, 0, i).to_vector<float>());
    EXPECT_GT(seen.size(), 12u);
  }
}

TEST(Augment, NothingAskedChangesNothing) {
  const Tensor& x = golden().at("x");
  Generator g(1);
  EXPECT_EQ(colour_jitter(x, {}, g).to_vector<float>(), x.to_vector<float>());
  EXPECT_EQ(random_affine(x, {}, g).to_vector<float>(), x.to_vector<float>());
  EXPECT_EQ(random_elastic(x, {.alpha = 0}, g).to_vector<float>(), x.to_vector<float>());
  EXPECT_EQ(random_erasing(x, {.p = 0}, g).to_vector<float>(), x.to_vector<float>());
}

TEST(Augment, ErasesAsMuchAsAsked) {
  Generator g(2);
  const Tensor y = random_erasing(ones({400, 40, 60, 1}),
                                  {.p = 0.5, .least_area = 0.1, .most_area = 0.2, .value = 7}, g);
  int touched = 0;
  for (int64_t n = 0; n < 400; ++n) {
    double erased = 0;
    for (const float v : select(y, 0, n).to_vector<float>()) erased += v == 7;
    if (erased == 0) continue;
    ++touched;
    EXPECT_GE(erased / 2400, 0.09);
    EXPECT_LE(erased / 2400, 0.22);
  }
  EXPECT_NEAR(touched, 200, 40);
}

TEST(Augment, ASmoothFieldIsSmooth) {
  Generator g(2);
  Tensor ramp = empty({1, 60, 60, 1});
  for (int64_t i = 0; i < 3600; ++i) ramp.data<float>()[i] = static_cast<float>(i % 60);
  const auto y = random_elastic(ramp, {.alpha = 100, .sigma = 6}, g).to_vector<float>();
  double step = 0, moved = 0;
  for (size_t row = 20; row < 40; ++row) {
    for (size_t column = 20; column < 40; ++column) {
      const size_t i = row * 60 + column;
      step = std::max<double>(step, std::abs(y[i + 60] - y[i]));
      moved = std::max<double>(moved, std::abs(y[i] - static_cast<float>(column)));
    }
  }
  EXPECT_GT(moved, 1);
  EXPECT_LT(step, 1.5);
}

TEST(Augment, RefusesWhatMakesNoSense) {
  const Tensor x = ones({1, 4, 4, 3}), two = ones({1, 4, 4, 2}), wide = ones({4, 4, 3});
  Generator g(1);
  EXPECT_THROW(adjust_brightness(x, -1), ValueError);
  EXPECT_THROW(adjust_contrast(x, std::nan("")), ValueError);
  EXPECT_THROW(adjust_hue(x, 0.6), ValueError);
  EXPECT_THROW(adjust_saturation(two, 1), ShapeError);
  EXPECT_THROW(colour_jitter(x, {.hue = 0.7}, g), ValueError);
  EXPECT_THROW(colour_jitter(ones({1, 4, 4, 3}, DType::f64), {}, g), DTypeError);
  EXPECT_THROW(affine(x, {.scale = 0}), ValueError);
  EXPECT_THROW(affine(wide, {}), ShapeError);
  EXPECT_THROW(random_affine(x, {.least_scale = 2, .most_scale = 1}, g), ValueError);
  EXPECT_THROW(random_affine(x, {.translate = 2}, g), ValueError);
  EXPECT_THROW(displace(x, ones({1, 4, 4, 3})), ShapeError);
  EXPECT_THROW(displace(x, ones({2, 4, 4, 2})), ShapeError);
  EXPECT_THROW(random_elastic(x, {.sigma = -1}, g), ValueError);
  EXPECT_THROW(random_erasing(x, {.p = 2}, g), ValueError);
  EXPECT_THROW(random_erasing(x, {.least_area = 0.5, .most_area = 0.1}, g), ValueError);
  EXPECT_THROW(random_erasing(wide, {}, g), ShapeError);
  for (const int64_t most : {int64_t{-1}, int64_t{4}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_THROW(random_shift(x, most, g), ValueError);
  }
  EXPECT_NO_THROW(random_shift(x, 3, g));
  EXPECT_NO_THROW(random_shift(ones({1, 0, 4, 3}), 0, g));
  EXPECT_THROW(random_resized_crop(x, 4, 4, {.least_area = 0}, g), ValueError);
  EXPECT_THROW(random_resized_crop(x, 4, 4, {.least_ratio = 2}, g), ValueError);
  EXPECT_THROW(random_resized_crop(x, 0, 4, {}, g), ValueError);
  EXPECT_THROW(random_resized_crop(ones({4, 4}), 4, 4, {}, g), ShapeError);
  EXPECT_THROW(random_resized_crop(ones({1, 0, 4, 3}), 4, 4, {}, g), ShapeError);
  EXPECT_THROW(random_resized_crop(ones({4, 4, 3}, DType::f64), 4, 4, {}, g), DTypeError);
}

}  // namespace
}  // namespace strata
