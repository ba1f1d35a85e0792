#include "strata/vision/image.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/safetensors.h"
#include "strata/ops/creation.h"
#include "strata/vision/augment.h"

namespace strata {
namespace {

TEST(Image, ResizesAsPil) {
  const TensorMap t =
      load_safetensors(std::string(STRATA_SOURCE_DIR) + "/tests/golden/vision/resize.safetensors");
  int compared = 0;
  for (const auto& [name, wanted] : t) {
    const bool bytes = name.starts_with("rgb_");
    if (!bytes && !name.starts_with("real_")) continue;
    ++compared;
    const Tensor got = resize(t.at(bytes ? "rgb" : "real"), wanted.size(0), wanted.size(1));
    ASSERT_EQ(describe(got), describe(wanted)) << name;
    const auto a = got.to_vector<float>(), b = wanted.to_vector<float>();
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_NEAR(a[i], b[i], bytes ? 0 : 1e-6) << name << " element " << i;
    }
  }
  EXPECT_EQ(compared, 7);
  EXPECT_EQ(to_grayscale(t.at("rgb")).to_vector<uint8_t>(), t.at("grey").to_vector<uint8_t>());
}

TEST(Image, GridsPicturesWithMargins) {
  const Tensor two = tensor<float>({0.f, 0.5f, 1.2f, -1.f}, {2, 1, 2, 1});
  const Tensor grid = picture_grid(two, 1);
  ASSERT_EQ(describe(grid), "f32[8, 6, 1]");
  const auto bytes = to_bytes(grid).to_vector<uint8_t>();
  std::vector<uint8_t> wanted(48, 255);
  wanted[2 * 6 + 2] = 0;
  wanted[2 * 6 + 3] = 128;
  wanted[5 * 6 + 2] = 255;
  wanted[5 * 6 + 3] = 0;
  EXPECT_EQ(bytes, wanted);
  EXPECT_THROW(picture_grid(two, 0), ValueError);
  EXPECT_THROW(picture_grid(zeros({2, 2, 1}), 1), ShapeError);
}

/// The numbers 0, 1, ... as an image of one channel.
Tensor counted(int64_t height, int64_t width) {
  Tensor t = empty({height, width, 1});
  for (int64_t i = 0; i < t.numel(); ++i) t.data<float>()[i] = static_cast<float>(i);
  return t;
}

TEST(Image, CropsTheMiddleAsTorchvisionDoes) {
  // int(round((h - height) / 2)) of Python: 0.5 becomes 0, 1.5 becomes 2.
  EXPECT_EQ(center_crop(counted(2, 4), 1, 1).to_vector<int>(), std::vector<int>({0 * 4 + 2}));
  EXPECT_EQ(center_crop(counted(6, 3), 1, 3).to_vector<int>(), std::vector<int>({6, 7, 8}));
  EXPECT_THROW(center_crop(counted(2, 4), 3, 1), ShapeError);
}

TEST(Image, KeepsTheRatio) {
  EXPECT_EQ(describe(resize_shorter(counted(10, 17), 7)), "f32[7, 11, 1]");
  EXPECT_EQ(describe(resize_shorter(counted(17, 10), 7)), "f32[11, 7, 1]");
  EXPECT_THROW(resize_shorter(counted(3, 3), 0), ValueError);
}

TEST(Augment, FlipsEachImageOrLeavesIt) {
  Generator random(3);
  Tensor x = empty({200, 2, 3, 1});
  for (int64_t i = 0; i < x.numel(); ++i) x.data<float>()[i] = static_cast<float>(i % 6);
  const auto y = random_flip(x, 0.5, random).to_vector<int>();
  int flipped = 0;
  for (size_t i = 0; i < y.size(); i += 6) {
    const std::vector<int> image(y.begin() + static_cast<int64_t>(i),
                                 y.begin() + static_cast<int64_t>(i) + 6);
    if (image == std::vector<int>({2, 1, 0, 5, 4, 3})) {
      ++flipped;
    } else {
      EXPECT_EQ(image, std::vector<int>({0, 1, 2, 3, 4, 5}));
    }
  }
  EXPECT_GT(flipped, 70);
  EXPECT_LT(flipped, 130);
  EXPECT_THROW(random_flip(x, 1.5, random), ValueError);
}

TEST(Image, RefusesWhatIsNoImage) {
  EXPECT_THROW(resize(zeros({4, 4}), 2, 2), ShapeError);
  EXPECT_THROW(resize(zeros({0, 4, 1}), 2, 2), ShapeError);
  EXPECT_THROW(resize(zeros({4, 4, 1}, DType::i64), 2, 2), DTypeError);
  EXPECT_THROW(resize(zeros({4, 4, 1}), 0, 2), ValueError);
  EXPECT_THROW(to_grayscale(zeros({4, 4, 2})), ShapeError);
  EXPECT_THROW(invert(zeros({4, 4, 1}, DType::f64)), DTypeError);
}

TEST(Image, InvertsAndTurnsGrey) {
  const Tensor x = tensor<uint8_t>({0, 200, 255}, {1, 3, 1});
  EXPECT_EQ(invert(x).to_vector<uint8_t>(), std::vector<uint8_t>({255, 55, 0}));
  EXPECT_EQ(invert(tensor<float>({0.25f}, {1, 1, 1})).item<float>(), 0.75f);
  EXPECT_NEAR(to_grayscale(tensor<float>({1, 0.5f, 0.25f, 9}, {1, 1, 4})).item<float>(), 0.621,
              1e-6);
}

}  // namespace
}  // namespace strata
