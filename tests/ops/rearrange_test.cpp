#include "strata/ops/rearrange.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/masks.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unfold.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

TEST(Rearrange, RollGoesAroundAnyNumberOfTimes) {
  const Tensor x = tensor<int64_t>({1, 2, 3});
  EXPECT_EQ(roll(x, {1}, {0}).to_vector<double>(), (Values{3, 1, 2}));
  EXPECT_EQ(roll(x, {-7}, {-1}).to_vector<double>(), (Values{2, 3, 1}));
  EXPECT_EQ(roll(x, {3}).to_vector<double>(), (Values{1, 2, 3}));
  EXPECT_EQ(roll(zeros({0, 2}), {1}, {0}).shape(), (Shape{0, 2}));
  EXPECT_EQ(roll(scalar(4.0F), {1}).item<float>(), 4.0F);
  EXPECT_EQ(testing::message<ValueError>([&] {
              roll(x, {1, 2}, {0});
            }),
            "[roll] 2 shifts for 1 axes");
  EXPECT_THROW(roll(x, {1}, {1}), IndexError);
}

TEST(Rearrange, TileRepeatsAnyShape) {
  EXPECT_EQ(tile(scalar(2.0F), {3}).to_vector<double>(), (Values{2, 2, 2}));
  EXPECT_EQ(tile(tensor<float>({1, 2}), {0}).shape(), (Shape{0}));
  EXPECT_EQ(tile(zeros({0, 2}), {3, 2}).shape(), (Shape{0, 4}));
  EXPECT_THROW(tile(zeros({2}), {-1}), ValueError);
  EXPECT_EQ(testing::message<ShapeError>([] {
              repeat(zeros({2, 3}), {2});
            }),
            "[repeat] 1 counts for f32[2, 3]\n  hint: tile() takes fewer");
}

TEST(Rearrange, RepeatInterleaveByCounts) {
  const Tensor x = tensor<float>({1, 2, 3, 4, 5, 6}, {3, 2});
  EXPECT_EQ(repeat_interleave(x, tensor<int64_t>({2, 0, 1}), 0).to_vector<double>(),
            (Values{1, 2, 1, 2, 5, 6}));
  EXPECT_EQ(repeat_interleave(x, 0, 1).shape(), (Shape{3, 0}));
  EXPECT_EQ(repeat_interleave(scalar(7.0F), 2, 0).to_vector<double>(), (Values{7, 7}));
  EXPECT_THROW(repeat_interleave(x, tensor<int64_t>({1, -1, 1}), 0), ValueError);
  EXPECT_THROW(repeat_interleave(x, tensor<int64_t>({1, 1}), 0), ShapeError);
  EXPECT_THROW(repeat_interleave(x, tensor<float>({1, 1, 1}), 0), DTypeError);
  EXPECT_THROW(repeat_interleave(x, zeros({3}, DType::i64, kMeta), 0), DeviceError);
}

TEST(Rearrange, ResultsHaveMemoryOfTheirOwn) {
  const Tensor row = tensor<float>({1, 2, 3}, {1, 3}), column = tensor<float>({1, 2}, {2, 1});
  const Tensor image = tensor<float>({1, 2, 3, 4}, {1, 1, 1, 4}), one = scalar(5.0F);
  const auto expect_own = [](const Tensor& x, const Tensor& y, const char* what) {
    EXPECT_FALSE(y.shares_storage(x)) << what;
    EXPECT_TRUE(y.is_contiguous()) << what;
  };
  expect_own(row, repeat(row, {4, 1}), "repeat");
  expect_own(row, repeat(row, {1, 1}), "repeat once");
  expect_own(one, repeat(one, {5}), "repeat of a scalar");
  expect_own(row, tile(row, {2, 1, 1}), "tile");
  expect_own(row, tile(row, {}), "tile without counts");
  expect_own(column, tile(column, {2, 3}), "tile, a view of what it copied");
  expect_own(row, repeat_interleave(row, 3, 0), "repeat_interleave");
  expect_own(row, repeat_interleave(row, 1, 1), "repeat_interleave once");
  expect_own(one, repeat_interleave(one, 3, 0), "repeat_interleave of a scalar");
  expect_own(row, roll(row, {0}, {0}), "roll by nothing");
  expect_own(row, roll(row, {3}), "roll around");
  expect_own(row, roll(transpose(row, 0, 1), {0}, {0}), "roll of a view by nothing");
  expect_own(image, pixel_shuffle(image, 1), "pixel_shuffle");
  expect_own(image, pixel_unshuffle(image, 1), "pixel_unshuffle");

  Tensor y = repeat(row, {2, 1});
  Tensor first = select(y, 0, 0);
  fill_(first, 9);
  EXPECT_EQ(y.to_vector<double>(), (Values{9, 9, 9, 1, 2, 3}));
  EXPECT_EQ(row.to_vector<double>(), (Values{1, 2, 3}));
}

TEST(Rearrange, CopiesPassTheirGradientsOn) {
  Tensor x = tensor<float>({1, 2}, {1, 2}).set_requires_grad();
  const Tensor weight = tensor<float>({1, 2, 3, 4, 5, 6}, {3, 2});
  const auto gradient = [&](const Tensor& loss) {
    x.set_grad({});
    backward(loss);
    return x.grad().to_vector<double>();
  };
  EXPECT_EQ(gradient(sum(repeat(x, {3, 1}) * weight)), (Values{9, 12}));
  EXPECT_EQ(gradient(sum(repeat_interleave(x, 3, 0) * weight)), (Values{9, 12}));
  EXPECT_EQ(gradient(sum(roll(x, {2}) * slice(weight, 0, 1, 2))), (Values{3, 4}));
}

TEST(Rearrange, TrianglesDropWhatTheyDoNotHold) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = tensor<double>({1, nan, 3, 4}, {2, 2});
  EXPECT_EQ(tril(x).to_vector<double>(), (Values{1, 0, 3, 4}));
  EXPECT_EQ(triu(x, std::numeric_limits<int64_t>::max()).to_vector<double>(), (Values{0, 0, 0, 0}));
  EXPECT_EQ(triu(ones({2, 2}, DType::boolean), 1).dtype(), DType::boolean);
  EXPECT_EQ(tril(zeros({2, 0, 3})).shape(), (Shape{2, 0, 3}));
  EXPECT_EQ(testing::message<ShapeError>([] { tril(zeros({3})); }),
            "[tril] x must be [..., rows, columns], got f32[3]");
}

TEST(Rearrange, GridsAndProductsTakeVectors) {
  EXPECT_THROW(meshgrid({zeros({2, 2})}), ShapeError);
  EXPECT_THROW(meshgrid({}), ValueError);
  EXPECT_EQ(meshgrid({scalar(1.0F), zeros({3})}, MeshIndexing::xy)[0].shape(), (Shape{3, 1}));
  EXPECT_EQ(testing::message<ShapeError>([] {
              outer(zeros({2}), zeros({2, 1}));
            }),
            "[outer] takes two vectors, got f32[2] and f32[2, 1]");
}

TEST(Rearrange, PixelShuffleComesBack) {
  const Tensor x = reshape(arange(0, 2 * 3 * 4 * 18), {2, 3, 4, 18});
  EXPECT_EQ(pixel_unshuffle(pixel_shuffle(x, 3), 3).to_vector<double>(), x.to_vector<double>());
  EXPECT_EQ(testing::message<ShapeError>([&] { pixel_shuffle(x, 4); }),
            "[pixel_shuffle] the 18 channels of i64[2, 3, 4, 18] do not divide by 4^2");
  EXPECT_THROW(pixel_unshuffle(x, 2), ShapeError);
  EXPECT_THROW(pixel_shuffle(x, 0), ValueError);
  EXPECT_THROW(pixel_shuffle(zeros({3, 4, 4}), 2), ShapeError);
}

TEST(Unfold, NamesWhatDoesNotFit) {
  const Tensor x = zeros({1, 3, 4, 2});
  EXPECT_THROW(unfold(x, {.kernel = {4, 1}}), ShapeError);
  EXPECT_THROW(unfold(x, {.kernel = 2, .stride = 0}), ValueError);
  EXPECT_EQ(testing::message<ShapeError>([] {
              fold(zeros({1, 5, 8}), {3, 4}, {.kernel = 2});
            }),
            "[fold] images of 3 x 4 have 6 windows of 2 x 2 taps, but x is f32[1, 5, 8]");
  EXPECT_THROW(unfold(x, 1, 4, 1), ShapeError);
  EXPECT_THROW(unfold(x, 1, 2, 0), ValueError);
  EXPECT_EQ(unfold(zeros({0, 3, 4, 2}), {.kernel = 2}).shape(), (Shape{0, 6, 8}));
}

TEST(Diagonal, IsAViewOfAnyOffset) {
  Tensor x = reshape(arange(0, 6), {2, 3});
  EXPECT_EQ(diagonal(x, 1).to_vector<double>(), (Values{1, 5}));
  EXPECT_EQ(diagonal(x, -1).to_vector<double>(), (Values{3}));
  EXPECT_EQ(diagonal(x, 3).shape(), (Shape{0}));
  EXPECT_EQ(diagonal(x, std::numeric_limits<int64_t>::min()).shape(), (Shape{0}));
  EXPECT_TRUE(diagonal(x).shares_storage(x));
  EXPECT_EQ(diag(tensor<float>({1, 2}), 1).to_vector<double>(),
            (Values{0, 1, 0, 0, 0, 2, 0, 0, 0}));
  EXPECT_THROW(diagonal(zeros({3})), ShapeError);
  EXPECT_THROW(diagonal(x, 0, 1, -1), ValueError);
  EXPECT_THROW(diag(zeros({1, 1, 1})), ShapeError);
}

TEST(Unbind, TakesTheSlices) {
  EXPECT_EQ(unbind(zeros({2, 3}), 1).size(), 3U);
  EXPECT_TRUE(unbind(zeros({2, 0}), 1).empty());
  EXPECT_THROW(unbind(scalar(1.0F)), ShapeError);
}

TEST(TriangleIndices, AreThoseThatTrianglesKeep) {
  for (const Shape& shape : {Shape{3, 5}, {5, 3}, {4, 4}, {0, 3}, {2, 0}}) {
    for (const int64_t diagonal : {-9, -2, -1, 0, 1, 3, 9}) {
      const Tensor ones_of = ones(shape);
      const Tensor low = tril_indices(shape[0], shape[1], diagonal);
      const Tensor up = triu_indices(shape[0], shape[1], diagonal);
      EXPECT_EQ(low.to_vector<double>(),
                transpose(nonzero(tril(ones_of, diagonal)), 0, 1).to_vector<double>());
      EXPECT_EQ(up.to_vector<double>(),
                transpose(nonzero(triu(ones_of, diagonal)), 0, 1).to_vector<double>());
    }
  }
  EXPECT_EQ(describe(tril_indices(2, 2, 0, kMeta)), "i64[2, 3]");
  // Rows that hold none are not walked through.
  const int64_t many = int64_t{1} << 59;
  EXPECT_EQ(triu_indices(many, 0).shape(), (Shape{2, 0}));
  EXPECT_EQ(triu_indices(many, 1).to_vector<double>(), (std::vector<double>{0, 0}));
  EXPECT_EQ(tril_indices(many, 1, 1 - many).to_vector<int64_t>(),
            (std::vector<int64_t>{many - 1, 0}));
  EXPECT_EQ(describe(tril_indices(int64_t{1} << 30, 3, -2, kMeta)), "i64[2, 3221225463]");
  EXPECT_THROW(tril_indices(-1, 2), ShapeError);
}

TEST(ChannelShuffle, RefusesWhatDoesNotDivide) {
  EXPECT_EQ(channel_shuffle(tensor<int32_t>({0, 1, 2, 3, 4, 5}, {1, 1, 6}), 2).to_vector<int32_t>(),
            (std::vector<int32_t>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(testing::message<ShapeError>([] {
              channel_shuffle(ones({1, 2, 5}), 2);
            }),
            "[channel_shuffle] the 5 channels of f32[1, 2, 5] do not divide into 2 groups");
  EXPECT_THROW(channel_shuffle(ones({2, 4}), 2), ShapeError);
  EXPECT_THROW(channel_shuffle(ones({1, 2, 4}), 0), ValueError);
  EXPECT_EQ(channel_shuffle(ones({0, 2, 4}), 2).shape(), (Shape{0, 2, 4}));
}

}  // namespace
}  // namespace strata
