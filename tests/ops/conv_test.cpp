#include "strata/ops/conv.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(Conv2dOp, SaysWhatIsWrong) {
  const Tensor w = ones({4, 3, 3, 2});
  EXPECT_EQ(message<ShapeError>([&] {
              conv2d(ones({1, 2, 8, 8}), w);
            }),
            "[conv2d] x is f32[1, 2, 8, 8], with 8 channels last, but w is f32[4, 3, 3, 2], for 2 "
            "channels\n  hint: images are NHWC: permute(x, {0, 2, 3, 1})");
  EXPECT_EQ(
      message<ShapeError>([&] {
        conv2d(ones({1, 2, 8, 2}), w);
      }),
      "[conv2d] the window of 3 x 3 does not fit x f32[1, 2, 8, 2] with padding 0 x 0\n  hint: "
      "more padding or a smaller kernel");
  EXPECT_EQ(message<ShapeError>([&] {
              conv2d(ones({8, 8, 2}), w);
            }),
            "[conv2d] x must be [N, H, W, C], got f32[8, 8, 2]\n  hint: unsqueeze(x, 0) makes a "
            "batch of one");
  EXPECT_EQ(message<ShapeError>([&] {
              conv2d(ones({1, 8, 8, 2}), w, ones({3}));
            }),
            "[conv2d] bias must be [4], one for each output channel, got f32[3]");
  EXPECT_EQ(message<DTypeError>([&] {
              conv2d(ones({1, 8, 8, 2}, DType::f64), w);
            }),
            "[conv2d] x is f64[1, 8, 8, 2], but w is f32[4, 3, 3, 2]\n  hint: cast() one of them");
  EXPECT_EQ(message<ValueError>([&] {
              conv2d(ones({1, 8, 8, 2}), w, {}, {.stride = {0, 1}});
            }),
            "[conv2d] stride must be at least 1, got 0 x 1");
  EXPECT_EQ(message<ShapeError>([&] {
              conv2d(ones({1, 8, 8, 6}), w, {}, {.groups = 3});
            }),
            "[conv2d] w is f32[4, 3, 3, 2]: its 4 output channels do not split into 3 groups");
  EXPECT_THROW(conv_transpose2d(ones({1, 8, 8, 2}), w), ShapeError);
  EXPECT_THROW(conv_transpose2d(ones({1, 8, 8, 4}), w, {}, {.stride = 2, .output_padding = 2}),
               ValueError);
}

TEST(Conv2dOp, NoImages) {
  Tensor w = ones({4, 3, 3, 2});
  EXPECT_EQ(conv2d(ones({0, 8, 8, 2}), w).shape(), (Shape{0, 6, 6, 4}));
  EXPECT_EQ(conv_transpose2d(ones({0, 8, 8, 4}), w).shape(), (Shape{0, 10, 10, 2}));
}

TEST(Conv2dOp, NanAndInfinityStayInTheirWindows) {
  const float inf = std::numeric_limits<float>::infinity();
  Tensor x = zeros({1, 1, 7, 1});
  x.data<float>()[1] = std::nanf("");
  x.data<float>()[5] = inf;
  const auto y = conv2d(x, ones({1, 1, 3, 1}), {}, {.padding = {0, 1}}).to_vector<float>();
  for (int i : {0, 1, 2}) EXPECT_TRUE(std::isnan(y[static_cast<size_t>(i)])) << i;
  EXPECT_EQ(y[3], 0);
  for (int i : {4, 5, 6}) EXPECT_EQ(y[static_cast<size_t>(i)], inf) << i;
}

TEST(Conv2dOp, TakesImagesInAnyLayout) {
  const Tensor x = randn({2, 3, 6, 5}), w = randn({4, 3, 3, 3});
  const Tensor turned = permute(x, {0, 2, 3, 1});
  Tensor dense = empty(turned.shape());
  for (int64_t n = 0, at = 0; n < 2; ++n) {
    for (int64_t i = 0; i < 6; ++i) {
      for (int64_t j = 0; j < 5; ++j) {
        for (int64_t c = 0; c < 3; ++c) {
          dense.data<float>()[at++] = x.data<float>()[((n * 3 + c) * 6 + i) * 5 + j];
        }
      }
    }
  }
  EXPECT_EQ(conv2d(turned, w).to_vector<float>(), conv2d(dense, w).to_vector<float>());
}

TEST(Conv2dOp, TheTransposeIsTheAdjoint) {
  // <conv(x), y> = <x, conv_transpose(y)>
  const Conv2dOptions options{.stride = 2, .padding = 1};
  const Tensor x = randn({2, 7, 9, 3}, 0, 1, DType::f64), w = randn({4, 3, 3, 3}, 0, 1, DType::f64);
  const auto y = conv2d(x, w, {}, options);
  const auto back = conv_transpose2d(y, w, {}, {.stride = 2, .padding = 1});
  const auto dot = [](const Tensor& a, const Tensor& b) {
    const auto u = a.to_vector<double>(), v = b.to_vector<double>();
    double sum = 0;
    for (size_t i = 0; i < u.size(); ++i) sum += u[i] * v[i];
    return sum;
  };
  EXPECT_NEAR(dot(y, y), dot(x, back), 1e-9 * dot(y, y));
}

TEST(ConvTranspose2dOp, IsZeroBeyondTheStride) {
  // Of memory that goes on behind x.
  const Tensor x = reshape(slice(arange(1, 101, 1, DType::f64), 0, 0, 4), {1, 2, 2, 1});
  Tensor w = ones({1, 1, 1, 1}, DType::f64);
  w.set_requires_grad();
  const Tensor y =
      conv_transpose2d(x, w, ones({1}, DType::f64), {.output_padding = 1, .dilation = 2});
  EXPECT_EQ(y.to_vector<double>(), (std::vector<double>{2, 3, 1, 4, 5, 1, 1, 1, 1}));
  backward(sum(y));
  EXPECT_EQ(w.grad().to_vector<double>(), (std::vector<double>{10}));
}

TEST(ConvTranspose2dOp, CutsThePaddingOffTheLengthenedResult) {
  struct Case {
    ConvTranspose2dOptions options;
    std::vector<double> y, dx, dw;  // PyTorch's
  };
  const Case cases[] = {
      {{.padding = 1, .output_padding = {1, 2}, .dilation = {2, 3}},
       {4, 0, 30, 40, 0, 200, 0, 1000, 2000, 0, 400, 0, 3000, 4000, 0},
       {8000, 9600, 13030, 15141},
       {4, 25, 56, 121}},
      {{.stride = {1, 2}, .padding = 1, .output_padding = {2, 1}, .dilation = {3, 1}},
       {30, 4, 40, 0, 0, 0, 1000, 200, 2000, 3000, 400, 4000, 0, 0, 0},
       {7000, 9800, 10010, 13132},
       {8, 15, 60, 103}}};
  for (const Case& c : cases) {
    Tensor x = tensor<double>({1, 2, 3, 4}, {1, 2, 2, 1}).set_requires_grad();
    Tensor w = tensor<double>({1, 10, 100, 1000}, {1, 2, 2, 1}).set_requires_grad();
    const Tensor y = conv_transpose2d(x, w, {}, c.options);
    EXPECT_EQ(y.to_vector<double>(), c.y);
    backward(y, reshape(arange(1, 16, 1, DType::f64), y.shape()));
    EXPECT_EQ(x.grad().to_vector<double>(), c.dx);
    EXPECT_EQ(w.grad().to_vector<double>(), c.dw);
  }
}

}  // namespace
}  // namespace strata
