#include "strata/ops/upsample.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(Upsample2d, ByHand) {
  const Tensor x = tensor<float>({1, 2, 3, 4}, {1, 2, 2, 1});
  EXPECT_EQ(upsample2d(x, {.scale_h = 1, .scale_w = 2}).to_vector<float>(),
            (std::vector<float>{1, 1, 2, 2, 3, 3, 4, 4}));
  EXPECT_EQ(upsample2d(x, {.size = {1, 4}, .mode = UpsampleMode::bilinear}).to_vector<float>(),
            (std::vector<float>{2, 2.25, 2.75, 3}));
  EXPECT_EQ(upsample2d(x, {.size = {2, 3}, .mode = UpsampleMode::bilinear, .align_corners = true})
                .to_vector<float>(),
            (std::vector<float>{1, 1.5, 2, 3, 3.5, 4}));
}

TEST(Upsample2d, NearestAsksNoScaleWhereTheSizeStaysOrDoubles) {
  // PyTorch's; 6 times 1.9 is neither.
  const auto row = [](int64_t n, double scale) {
    const Tensor x = reshape(arange(0, n, 1, DType::f32), {1, 1, n, 1});
    return upsample2d(x, {.scale_h = 1, .scale_w = scale}).to_vector<float>();
  };
  EXPECT_EQ(row(5, 1.15), (std::vector<float>{0, 1, 2, 3, 4}));
  EXPECT_EQ(row(4, 2.2), (std::vector<float>{0, 0, 1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(row(6, 2.1), (std::vector<float>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5}));
  EXPECT_EQ(row(6, 1.9), (std::vector<float>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5}));
}

TEST(Upsample2d, RefusesWhatPyTorchRefuses) {
  const Tensor x = ones({1, 2, 2, 1});
  EXPECT_THROW(upsample2d(x, {}), ValueError);
  EXPECT_THROW(upsample2d(x, {.size = 2, .scale_h = 2, .scale_w = 2}), ValueError);
  EXPECT_THROW(upsample2d(x, {.scale_h = 2}), ValueError);
  EXPECT_THROW(upsample2d(x, {.scale_h = 0.1, .scale_w = 2}), ValueError);
  EXPECT_THROW(upsample2d(x, {.size = 4, .align_corners = true}), ValueError);
  EXPECT_THROW(upsample2d(ones({2, 2, 1}), {.size = 4}), ShapeError);
  EXPECT_EQ(upsample2d(ones({0, 2, 2, 1}), {.size = 4}).shape(), (Shape{0, 4, 4, 1}));
}

TEST(Upsample1dAnd3d, NearestAsksForTheScaleEverywhere) {
  // PyTorch's.
  const Tensor x = reshape(arange(0, 5, 1, DType::f32), {1, 5, 1});
  const std::vector<float> wanted{0, 0, 1, 2, 3};
  EXPECT_EQ(upsample1d(x, {.scale = 1.15}).to_vector<float>(), wanted);
  const Tensor volume = reshape(x, {1, 1, 1, 5, 1});
  EXPECT_EQ(upsample3d(volume, {.scale_d = 1, .scale_h = 1, .scale_w = 1.15}).to_vector<float>(),
            wanted);
}

TEST(Upsample1dAnd3d, RefuseWhatPyTorchRefuses) {
  const Tensor x = ones({1, 2, 1}), volume = ones({1, 2, 2, 2, 1});
  EXPECT_EQ(message<ValueError>([&] { upsample1d(x, {}); }),
            "[upsample1d] give either size or scale");
  EXPECT_EQ(message<ShapeError>([&] { upsample1d(volume, {.size = 3}); }),
            "[upsample1d] x must be [N, L, C], got f32[1, 2, 2, 2, 1]");
  EXPECT_EQ(message<ValueError>(
                [&] { upsample3d(volume, {.scale_d = 1, .scale_h = 1, .scale_w = 0.2}); }),
            "[upsample3d] an axis of 2 times 0.2 leaves no result or too much\n  hint: give either "
            "size or all of scale_d, scale_h and scale_w");
  EXPECT_THROW(upsample1d(x, {.size = -1}), ValueError);
  EXPECT_THROW(upsample3d(volume, {.size = {2, 0, 2}}), ValueError);
  EXPECT_THROW(upsample3d(volume, {.size = 2, .scale_d = 2}), ValueError);
  EXPECT_THROW(upsample3d(volume, {.size = 2, .mode = UpsampleMode::bicubic}), ValueError);
  for (const UpsampleMode mode :
       {UpsampleMode::nearest, UpsampleMode::nearest_exact, UpsampleMode::area}) {
    EXPECT_THROW(upsample1d(x, {.size = 3, .mode = mode, .align_corners = true}), ValueError);
  }
  EXPECT_THROW(upsample1d(zeros({1, 2, 1}, DType::i64), {.size = 3}), DTypeError);
  EXPECT_THROW(upsample3d(ones({1, 0, 2, 2, 1}), {.size = 3}), ShapeError);
  EXPECT_EQ(upsample1d(ones({0, 2, 1}), {.size = 4}).shape(), (Shape{0, 4, 1}));
  EXPECT_EQ(upsample3d(ones({1, 2, 2, 2, 0}), {.size = 3}).shape(), (Shape{1, 3, 3, 3, 0}));
}

TEST(Upsample, RefusesWhatIsTooLargeAtOnce) {
  const int64_t large = int64_t{1} << 29;
  const Tensor x = ones({1, 2, 1});
  EXPECT_EQ(message<ValueError>([&] { upsample1d(x, {.size = large}); }),
            "[upsample1d] an axis of 2 to 536870912 leaves no result or too much\n  hint: give "
            "either size or scale");
  EXPECT_THROW(upsample1d(x, {.scale = 1e18}), ValueError);
  EXPECT_THROW(upsample1d(empty({1, large, 1}, DType::f32, kMeta), {.size = 2}), ValueError);
  for (const UpsampleMode mode : {UpsampleMode::bilinear, UpsampleMode::area}) {
    EXPECT_THROW(upsample2d(ones({1, 2, 2, 1}), {.size = large - 1, .mode = mode}), OutOfMemory);
  }
}

TEST(Upsample3d, TrilinearRoundsToHalvesOnce) {
  const Upsample3dOptions options{.size = {7, 6, 4}, .mode = UpsampleMode::trilinear};
  for (const DType half : {DType::bf16, DType::f16}) {
    const Tensor x = rand({1, 3, 4, 5, 7}, 0.5, 1, half);
    const Tensor wanted = cast(upsample3d(cast(x, DType::f32), options), half);
    EXPECT_EQ(upsample3d(x, options).dtype(), half);
    EXPECT_EQ(upsample3d(x, options).to_vector<float>(), wanted.to_vector<float>());
  }
}

}  // namespace
}  // namespace strata
