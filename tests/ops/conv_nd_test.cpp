#include "strata/ops/conv_nd.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/work_counter.h"
#include "strata/ops/conv.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/pool.h"
#include "strata/ops/pool_nd.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

TEST(ConvNd, NamesWhatDoesNotFit) {
  const Tensor x = ones({1, 5, 3}), w = ones({4, 2, 3});
  EXPECT_EQ(testing::message<ShapeError>([&] {
              conv1d(ones({5, 3}), w);
            }),
            "[conv1d] x must be [N, L, C], got f32[5, 3]\n  hint: unsqueeze(x, 0) makes a batch of "
            "one");
  EXPECT_EQ(testing::message<ShapeError>([&] {
              conv1d(x, ones({4, 9, 3}));
            }),
            "[conv1d] w f32[4, 9, 3] with dilation 1 does not fit axis 1 of x f32[1, 5, 3] with "
            "padding 0\n  hint: more padding or a smaller kernel");
  EXPECT_THROW(conv1d(x, ones({4, 2, 2})), ShapeError);
  EXPECT_THROW(conv1d(x, w, ones({3})), ShapeError);
  EXPECT_THROW(conv1d(x, w, {}, {.stride = 0}), ValueError);
  EXPECT_THROW(conv1d(x, w, {}, {.groups = 0}), ValueError);
  EXPECT_THROW(conv1d(x, ones({4, 2, 3}, DType::f64)), DTypeError);
  EXPECT_THROW(conv_transpose1d(x, ones({3, 2, 4}), {}, {.output_padding = 1}), ValueError);
  EXPECT_THROW(conv_transpose1d(ones({1, 1, 3}), ones({3, 2, 4}), {}, {.padding = 1}), ShapeError);
  EXPECT_THROW(conv3d(x, w), ShapeError);
  EXPECT_THROW(conv3d(ones({1, 2, 3, 3, 2}), ones({4, 3, 1, 1, 2})), ShapeError);
  EXPECT_THROW(conv_transpose3d(ones({1, 2, 3, 3, 2}), ones({3, 1, 1, 1, 2})), ShapeError);
}

TEST(ConvNd, TakesEmptyBatches) {
  EXPECT_EQ(conv1d(ones({0, 5, 3}), ones({4, 2, 3})).shape(), (Shape{0, 4, 4}));
  EXPECT_EQ(conv3d(ones({0, 4, 4, 4, 3}), ones({2, 3, 3, 3, 3})).shape(), (Shape{0, 2, 2, 2, 2}));
  EXPECT_EQ(conv_transpose3d(ones({0, 2, 2, 2, 3}), ones({3, 2, 2, 2, 5})).shape(),
            (Shape{0, 3, 3, 3, 5}));
}

TEST(ConvNd, TransposesCutThePaddingOffTheLengthenedResult) {
  // PyTorch's values.
  Tensor x = tensor<double>({1, 2, 3}, {1, 3, 1}).set_requires_grad();
  Tensor w = tensor<double>({1, 10, 100}, {1, 3, 1}).set_requires_grad();
  const Tensor y = conv_transpose1d(x, w, {}, {.padding = 2, .output_padding = 2, .dilation = 3});
  EXPECT_EQ(y.to_vector<double>(), (std::vector<double>{3, 10, 20, 30, 100, 200, 300}));
  backward(y, tensor<double>({1, 2, 3, 4, 5, 6, 7}, {1, 7, 1}));
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{520, 630, 741}));
  EXPECT_EQ(w.grad().to_vector<double>(), (std::vector<double>{3, 20, 38}));

  Tensor a = tensor<double>({1, 2, 3, 4}, {1, 2, 2, 1, 1}).set_requires_grad();
  Tensor b = tensor<double>({1, 10, 100, 1000}, {1, 2, 2, 1, 1}).set_requires_grad();
  const Tensor z = conv_transpose3d(
      a, b, {}, {.padding = {1, 1, 0}, .output_padding = {1, 2, 0}, .dilation = {2, 3, 1}});
  EXPECT_EQ(z.to_vector<double>(),
            (std::vector<double>{4, 0, 30, 40, 0, 200, 0, 1000, 2000, 0, 400, 0, 3000, 4000, 0}));
  backward(z, reshape(arange(1, 16, 1, DType::f64), z.shape()));
  EXPECT_EQ(a.grad().to_vector<double>(), (std::vector<double>{8000, 9600, 13030, 15141}));
  EXPECT_EQ(b.grad().to_vector<double>(), (std::vector<double>{4, 25, 56, 121}));
}

TEST(PoolNd, RefusesWhatPyTorchRefuses) {
  const Tensor x = ones({1, 5, 3}), volume = ones({1, 2, 4, 4, 2});
  EXPECT_EQ(testing::message<ShapeError>([&] { max_pool1d(x, {.kernel = 6}); }),
            "[max_pool1d] the window of 6 does not fit axis 1 of x f32[1, 5, 3]");
  EXPECT_THROW(max_pool1d(volume), ShapeError);
  EXPECT_THROW(max_pool1d(x, {.kernel = 2, .padding = 2}), ValueError);
  EXPECT_THROW(max_pool1d(x, {.stride = -1}), ValueError);
  EXPECT_THROW(avg_pool1d(x, {.dilation = 2}), ValueError);
  EXPECT_THROW(avg_pool1d(ones({1, 5, 3}, DType::i64)), DTypeError);
  EXPECT_THROW(max_pool3d(volume, {.kernel = {3, 2, 2}}), ShapeError);
  EXPECT_THROW(avg_pool3d(volume, {.dilation = 2}), ValueError);
  EXPECT_THROW(adaptive_avg_pool3d(volume, {1, 0, 1}), ValueError);
  EXPECT_THROW(adaptive_max_pool1d(ones({1, 0, 3}), 1), ShapeError);
}

TEST(ConvNd, SamePaddingNeedsAStrideOfOne) {
  const Tensor x = ones({1, 5, 1}), w = ones({1, 4, 1});
  EXPECT_EQ(conv1d(x, w, {}, {.padding = kSamePadding}).to_vector<float>(),
            (std::vector<float>{3, 4, 4, 3, 2}));  // the odd zero is at the end
  EXPECT_EQ(testing::message<ValueError>(
                [&] { conv1d(x, w, {}, {.stride = 2, .padding = kSamePadding}); }),
            "[conv1d] kSamePadding needs a stride of 1, got 2");
  EXPECT_THROW(conv1d(x, w, {}, {.padding = kSamePadding, .dilation = 0}), ValueError);
  const Tensor image = ones({1, 3, 4, 1}), cross = ones({1, 2, 3, 1});
  EXPECT_EQ(conv2d(image, cross, {}, {.stride = {1, 2}, .padding = {kSamePadding, 0}}).shape(),
            (Shape{1, 3, 1, 1}));
  EXPECT_THROW(conv2d(image, cross, {}, {.stride = 2, .padding = kSamePadding}), ValueError);
  EXPECT_EQ(conv2d(zeros({0, 3, 4, 1}), cross, {}, {.padding = kSamePadding}).shape(),
            (Shape{0, 3, 4, 1}));
  const Tensor residual = ones({1, 3, 4, 1});
  EXPECT_EQ(conv2d(image, cross, {}, {.padding = kSamePadding}, residual).shape(), image.shape());
  const Tensor volume = ones({1, 2, 3, 4, 1}), cube = ones({1, 2, 3, 2, 1});
  EXPECT_EQ(conv3d(volume, cube, {}, {.padding = {kSamePadding, 0, kSamePadding}}).shape(),
            (Shape{1, 2, 1, 4, 1}));
  EXPECT_THROW(conv3d(volume, cube, {}, {.stride = {2, 1, 1}, .padding = kSamePadding}),
               ValueError);
  EXPECT_THROW(conv_transpose1d(x, w, {}, {.padding = kSamePadding}), ValueError);
}

TEST(ConvNd, RefusesNumbersWhoseProductsOverflow) {
  const int64_t large = int64_t{1} << 62;  // four times it is 0
  const Tensor x = ones({1, 5, 1}), w = ones({1, 5, 1});
  EXPECT_EQ(testing::message<ValueError>([&] { conv1d(x, w, {}, {.dilation = large}); }),
            "[conv1d] 4611686018427387904 is too much for a kernel, stride, padding or dilation");
  EXPECT_THROW(conv1d(x, w, {}, {.padding = kSamePadding, .dilation = large}), ValueError);
  EXPECT_THROW(conv1d(x, w, {}, {.padding = large}), ValueError);
  EXPECT_THROW(conv_transpose1d(x, w, {}, {.dilation = large}), ValueError);
  const Tensor image = ones({1, 5, 5, 1}), square = ones({1, 5, 5, 1});
  EXPECT_THROW(conv2d(image, square, {}, {.dilation = large}), ValueError);
  EXPECT_THROW(conv_transpose2d(image, square, {}, {.dilation = {1, large}}), ValueError);
  const Tensor volume = ones({1, 5, 5, 5, 1}), cube = ones({1, 5, 5, 5, 1});
  EXPECT_THROW(conv3d(volume, cube, {}, {.dilation = {1, 1, large}}), ValueError);
  EXPECT_THROW(conv_transpose3d(volume, cube, {}, {.dilation = large}), ValueError);
}

TEST(ConvNd, TransposesRefuseLengthsThatOverflow) {
  const int64_t most = int64_t{1} << 30, stride = most;
  const auto meta = [](const Shape& shape) { return empty(shape, DType::f32, kMeta); };
  const Tensor w = meta({1, 2, 1}), square = meta({1, 2, 2, 1}), cube = meta({1, 2, 2, 2, 1});
  EXPECT_EQ(testing::message<ShapeError>([&] {
              conv_transpose1d(meta({1, most, 1}), w, {}, {.stride = stride});
            }),
            "[conv_transpose1d] shape [1073741824, 1073741824] has too many elements");
  EXPECT_EQ(conv_transpose1d(meta({1, most / 2, 1}), w, {}, {.stride = stride / 2}).size(1),
            (most / 2 - 1) * (stride / 2) + 2);
  // Lengths whose product with the stride is a small number again.
  const int64_t wrapped = (int64_t{1} << 34) + 1;
  EXPECT_THROW(conv_transpose1d(meta({1, wrapped, 1}), w, {}, {.stride = stride}), ShapeError);
  EXPECT_THROW(conv_transpose2d(meta({1, wrapped, 1, 1}), square, {}, {.stride = {stride, 1}}),
               ShapeError);
  EXPECT_THROW(conv_transpose2d(meta({1, 1, wrapped, 1}), square, {}, {.stride = {1, stride}}),
               ShapeError);
  EXPECT_THROW(conv_transpose2d(meta({1, most, most, 1}), square, {}, {.stride = 2}), ShapeError);
  EXPECT_THROW(conv_transpose3d(meta({1, wrapped, 1, 1, 1}), cube, {}, {.stride = {stride, 1, 1}}),
               ShapeError);
  EXPECT_THROW(conv_transpose3d(meta({1, 1, 1, wrapped, 1}), cube, {}, {.stride = {1, 1, stride}}),
               ShapeError);
  EXPECT_THROW(conv_transpose3d(meta({0, 1, 1, 1, 1}), cube, {}, {.dilation = 4 * most}),
               ValueError);
  EXPECT_THROW(conv_transpose1d(meta({1, 5, 4}), meta({4, 1, 4}), {}, {.groups = 4 * most * most}),
               ShapeError);
  // One with more multiplications than 64 bits count.
  const WorkCounter counter;
  EXPECT_EQ(conv_transpose1d(meta({1, most, 4}), meta({4, most, 4})).size(1), 2 * most - 1);
  EXPECT_EQ(counter.macs(), int64_t{1} << 62);
}

TEST(PoolNd, RefusesNumbersWhoseProductsOverflow) {
  const Tensor x = ones({1, 5, 1}), image = ones({1, 5, 5, 1});
  const int64_t large = int64_t{1} << 62;
  EXPECT_THROW(max_pool1d(x, {.kernel = 5, .dilation = large}), ValueError);
  EXPECT_THROW(max_pool2d(image, {.kernel = 5, .dilation = {large, 1}}), ValueError);
  EXPECT_THROW(avg_pool2d(image, {.kernel = large, .padding = large / 2}), ValueError);
  EXPECT_THROW(adaptive_avg_pool2d(image, {1, int64_t{1} << 40}), ValueError);
  EXPECT_THROW(adaptive_avg_pool2d(image, (int64_t{1} << 31) - 1), ShapeError);
  EXPECT_THROW(adaptive_avg_pool2d(image, int64_t{1} << 28), OutOfMemory);
}

TEST(PoolNd, MeansOfVolumesRoundToHalvesOnce) {
  for (const DType half : {DType::bf16, DType::f16}) {
    const Tensor x = rand({1, 4, 5, 6, 7}, 0.5, 1, half), wide = cast(x, DType::f32);
    const auto values = [&](const Tensor& y) {
      EXPECT_EQ(y.dtype(), half);
      return y.to_vector<float>();
    };
    EXPECT_EQ(values(avg_pool3d(x)), values(cast(avg_pool3d(wide), half)));
    EXPECT_EQ(values(adaptive_avg_pool3d(x, {2, 3, 4})),
              values(cast(adaptive_avg_pool3d(wide, {2, 3, 4}), half)));
  }
}

TEST(PoolNd, IndicesAreThoseOfTheFirstOrTheLastNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto index = [](const std::vector<float>& values) {
    const Tensor x = tensor<float>(values, {1, 2, 2, 2, 1});
    return max_pool3d_with_indices(x).second.to_vector<int32_t>().at(0);
  };
  EXPECT_EQ(index({1, 2, 9, 3, 4, 9, 5, 6}), 2);
  EXPECT_EQ(index({1, nan, 9, 3, 4, nan, 5, 6}), 5);
  EXPECT_EQ(
      max_pool1d_with_indices(tensor<float>({2, 2, 1, 3}, {1, 4, 1})).second.to_vector<int32_t>(),
      (std::vector<int32_t>{0, 3}));
  // No tap of the window's two meets the single value.
  const auto [none, where] =
      max_pool3d_with_indices(ones({1, 1, 1, 1, 1}), {.kernel = 2, .padding = 1, .dilation = 2});
  EXPECT_EQ(none.item<float>(), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(where.shape(), none.shape());
  EXPECT_EQ(max_pool3d_with_indices(ones({0, 2, 2, 2, 3})).second.shape(), (Shape{0, 1, 1, 1, 3}));
  EXPECT_THROW(adaptive_max_pool3d_with_indices(ones({1, 2, 2, 2, 1}), {1, 0, 1}), ValueError);
  EXPECT_THROW(adaptive_max_pool1d_with_indices(ones({1, 2, 1}), 0), ValueError);
}

TEST(PoolNd, TheFirstOfEqualOnesGetsTheGradientAndNanWins) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor y = max_pool3d(tensor<float>({1, 2, 3, nan, 5, 6, 7, 8}, {1, 2, 2, 2, 1}));
  EXPECT_TRUE(std::isnan(y.item<float>()));
  Tensor x = ones({1, 2, 2, 2, 1}).set_requires_grad();
  backward(sum(max_pool3d(x)));
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{1, 0, 0, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace strata
