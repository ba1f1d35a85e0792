#include "strata/ops/upsample.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

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

}  // namespace
}  // namespace strata
