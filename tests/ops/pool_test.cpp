#include "strata/ops/pool.h"

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

TEST(Pool2dOp, RefusesWhatPyTorchRefuses) {
  const Tensor x = ones({1, 4, 4, 2});
  EXPECT_THROW(max_pool2d(ones({4, 4, 2})), ShapeError);
  EXPECT_THROW(max_pool2d(x, {.kernel = 5}), ShapeError);
  EXPECT_THROW(max_pool2d(x, {.kernel = 2, .padding = 2}), ValueError);
  EXPECT_THROW(max_pool2d(x, {.kernel = 0}), ValueError);
  EXPECT_THROW(max_pool2d(ones({1, 4, 4, 2}, DType::i64)), DTypeError);
  EXPECT_THROW(avg_pool2d(x, {.dilation = 2}), ValueError);
  EXPECT_THROW(adaptive_avg_pool2d(x, {0, 1}), ValueError);
}

TEST(Pool2dOp, InCeilModeAWindowMayBeLargerThanTheImage) {
  const Tensor x = tensor<float>({1, 2, 3, 4}, {1, 2, 2, 1});
  EXPECT_EQ(max_pool2d(x, {.kernel = 3, .stride = 2, .ceil_mode = true}).item<float>(), 4);
  EXPECT_EQ(avg_pool2d(x, {.kernel = 3, .stride = 2, .ceil_mode = true}).item<float>(), 2.5F);
  EXPECT_THROW(max_pool2d(x, {.kernel = 4, .stride = 2, .ceil_mode = true}), ShapeError);
}

TEST(Pool2dOp, GivesIndicesAndTakesNoImages) {
  const auto [y, index] =
      max_pool2d_with_indices(tensor<float>({1, 2, 3, 4, 8, 7, 6, 5}, {1, 2, 4, 1}));
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{8, 6}));
  EXPECT_EQ(index.to_vector<int>(), (std::vector<int>{4, 6}));
  EXPECT_EQ(max_pool2d(ones({0, 4, 4, 2})).shape(), (Shape{0, 2, 2, 2}));
  EXPECT_EQ(max_pool2d(ones({1, 4, 4, 0})).shape(), (Shape{1, 2, 2, 0}));
  EXPECT_EQ(adaptive_avg_pool2d(ones({0, 4, 4, 2}), 1).shape(), (Shape{0, 1, 1, 2}));
}

TEST(MaxPool2d, WindowsWithoutAPixelHaveNoGradient) {
  // Both taps of each window lie on the padding above and below the only row.
  Tensor x = reshape(slice(arange(1, 100, 1, DType::f32), 0, 0, 4), {1, 1, 4, 1});
  x.set_requires_grad();
  const Tensor y = max_pool2d(x, {.kernel = 2, .stride = 1, .padding = 1, .dilation = 2});
  Tensor dy = ones(y.shape());
  dy.set_requires_grad();
  const std::vector<Tensor> ys = {y}, xs = {x}, dys = {dy};
  const Tensor dx = grad(ys, xs, dys, {.create_graph = true}).at(0);
  EXPECT_EQ(dx.to_vector<float>(), (std::vector<float>{0, 0, 0, 0}));
  Tensor column = reshape(x.detach(), {1, 4, 1, 1}).set_requires_grad();
  backward(sum(max_pool2d(column, {.kernel = 2, .stride = 1, .padding = 1, .dilation = 2})));
  EXPECT_EQ(column.grad().to_vector<float>(), (std::vector<float>{0, 0, 0, 0}));
  // Of memory that goes on behind it.
  const Tensor ddx = reshape(slice(full({100}, 9), 0, 0, 4), x.shape());
  const std::vector<Tensor> dxs = {dx}, of = {dy}, ddxs = {ddx};
  const Tensor ddy = grad(dxs, of, ddxs, {}).at(0);
  EXPECT_EQ(ddy.to_vector<float>(), std::vector<float>(static_cast<size_t>(y.numel()), 0.0f));
}

}  // namespace
}  // namespace strata
