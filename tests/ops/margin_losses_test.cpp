#include "strata/ops/margin_losses.h"

#include <cmath>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(Losses, StayFiniteFarOff) {
  Tensor x = tensor<float>({INFINITY, -INFINITY, 0}).set_requires_grad();
  backward(huber_loss(x, zeros({3}), 2, Reduction::sum));
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{2, -2, 0}));
  EXPECT_EQ(bce_loss(tensor<float>({0, 1}), tensor<float>({1, 0})).item<float>(), 100);
}

TEST(Losses, SayWhatTheyDoNotTake) {
  const Tensor x = ones({2, 3});
  EXPECT_EQ(message<ValueError>([&] { huber_loss(x, x, 0); }),
            "[huber_loss] delta must be positive, got 0");
  EXPECT_EQ(message<ValueError>([&] { smooth_l1_loss(x, x, -1); }),
            "[smooth_l1_loss] beta must not be negative, got -1");
  EXPECT_EQ(message<ValueError>([&] { bce_loss(full({2}, 1.5), ones({2})); }),
            "[bce_loss] the values of x f32[2] must be in [0, 1], one is 1.5");
  EXPECT_EQ(message<ShapeError>([&] { bce_loss(x, ones({3})); }),
            "[bce_loss] target f32[3] does not have the shape of x f32[2, 3]");
  EXPECT_EQ(message<ValueError>([&] {
              gaussian_nll_loss(x, x, full({2, 3}, -1));
            }),
            "[gaussian_nll_loss] the values of variance f32[2, 3] must be in [0, inf], one is -1");
  EXPECT_EQ(message<ShapeError>([&] { gaussian_nll_loss(x, x, ones({3})); }),
            "[gaussian_nll_loss] variance f32[3] does not fit x f32[2, 3]");
  EXPECT_EQ(message<ValueError>([&] { multi_margin_loss(x, zeros({2}, DType::i64), {.p = 3}); }),
            "[multi_margin_loss] p must be 1 or 2, got 3");
  EXPECT_EQ(message<ShapeError>([&] { multi_margin_loss(x, zeros({3}, DType::i64)); }),
            "[multi_margin_loss] target i64[3] does not fit x f32[2, 3]");
}

}  // namespace
}  // namespace strata
