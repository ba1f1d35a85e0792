#include "strata/ops/unpool.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(MaxUnpool2d, TakesSizesWithinAStride) {
  const Tensor x = ones({1, 2, 3, 1}), index = zeros({1, 2, 3, 1}, DType::i32);
  EXPECT_EQ(max_unpool2d(x, index).shape(), (Shape{1, 4, 6, 1}));
  EXPECT_EQ(max_unpool2d(x, index, {}, {5, 5}).shape(), (Shape{1, 5, 5, 1}));
  EXPECT_EQ(max_unpool2d(x, index, {.kernel = 3, .stride = 2, .padding = 1}).shape(),
            (Shape{1, 3, 5, 1}));
  EXPECT_EQ(max_unpool2d(zeros({0, 2, 3, 1}), zeros({0, 2, 3, 1}, DType::i32)).shape(),
            (Shape{0, 4, 6, 1}));
  EXPECT_EQ(message<ValueError>([&] {
              max_unpool2d(x, index, {}, {6, 6});
            }),
            "[max_unpool2d] the size must be between 3 and 5, got 6");
  EXPECT_EQ(message<ShapeError>([&] {
              max_unpool2d(x, zeros({1, 2, 3}, DType::i32));
            }),
            "[max_unpool2d] x must be [N, H, W, C] and index of its shape, got f32[1, 2, 3, 1] and "
            "i32[1, 2, 3]");
  EXPECT_EQ(message<ValueError>([&] {
              max_unpool2d(x, index, {.stride = {2, -1}});
            }),
            "[max_unpool2d] stride must be at least 1, got 2 x -1");
  EXPECT_THROW(max_unpool2d(x, index, {.stride = {0, 2}}), ValueError);
  EXPECT_THROW(max_unpool2d(x, index, {.kernel = 0}), ValueError);
  EXPECT_THROW(max_unpool2d(x, index, {.padding = -1}), ValueError);
  EXPECT_THROW(max_unpool2d(x, index, {.padding = 2}), ValueError);
  const int64_t large = int64_t{1} << 62;
  EXPECT_THROW(max_unpool2d(x, index, {.kernel = large}), ValueError);
  EXPECT_THROW(max_unpool2d(x, index, {.stride = {2, large}}), ValueError);
  EXPECT_THROW(max_unpool2d(x, index, {.stride = int64_t{1} << 40}), ValueError);
  EXPECT_THROW(max_unpool2d(x, full({1, 2, 3, 1}, 24, DType::i32)), IndexError);
  EXPECT_THROW(max_unpool2d(x, full({1, 2, 3, 1}, -1, DType::i32)), IndexError);
  EXPECT_THROW(max_unpool2d(x, zeros({1, 2, 3, 1})), DTypeError);
  EXPECT_THROW(max_unpool2d(zeros({1, 0, 3, 1}), zeros({1, 0, 3, 1}, DType::i32)), ShapeError);
}

TEST(MaxUnpool1dAnd3d, TakeSizesWithinAStride) {
  const Tensor x = ones({1, 3, 1}), index = zeros({1, 3, 1}, DType::i64);
  EXPECT_EQ(max_unpool1d(x, index).shape(), (Shape{1, 6, 1}));
  EXPECT_EQ(max_unpool1d(x, index, {}, 7).shape(), (Shape{1, 7, 1}));
  EXPECT_EQ(message<ValueError>([&] { max_unpool1d(x, index, {}, 8); }),
            "[max_unpool1d] the size must be between 5 and 7, got 8");
  EXPECT_EQ(message<ShapeError>([&] {
              max_unpool1d(ones({3, 1}), index);
            }),
            "[max_unpool1d] x must be [N, L, C] and index of its shape, got f32[3, 1] and "
            "i64[1, 3, 1]");
  EXPECT_EQ(message<ValueError>([&] { max_unpool1d(x, index, {.padding = 2}); }),
            "[max_unpool1d] padding 2 is more than half of the kernel 2");
  EXPECT_THROW(max_unpool1d(x, full({1, 3, 1}, 6, DType::i64)), IndexError);
  const Tensor volume = ones({1, 1, 2, 3, 1}), at = zeros({1, 1, 2, 3, 1}, DType::i32);
  EXPECT_EQ(max_unpool3d(volume, at).shape(), (Shape{1, 2, 4, 6, 1}));
  EXPECT_EQ(max_unpool3d(volume, at, {}, {3, 4, 5}).shape(), (Shape{1, 3, 4, 5, 1}));
  EXPECT_THROW(max_unpool3d(volume, at, {}, {4, 4, 5}), ValueError);
  EXPECT_THROW(max_unpool3d(volume, at, {.kernel = {2, 0, 2}}), ValueError);
  EXPECT_THROW(max_unpool3d(volume, at, {.kernel = int64_t{1} << 62}), ValueError);
  EXPECT_THROW(max_unpool3d(volume, index), ShapeError);
  EXPECT_THROW(max_unpool3d(volume, zeros({1, 1, 2, 3, 1})), DTypeError);
}

}  // namespace
}  // namespace strata
