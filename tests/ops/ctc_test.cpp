#include "strata/ops/ctc.h"

#include <cmath>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

const double kThird = std::log(1.0 / 3);

TEST(Ctc, CountsThePathsOfAUniformGuess) {
  // 3 steps of 3 classes; "1": 1--, -1-, --1, 11-, -11, 111 ("1-1" would be "11").
  const Tensor x = full({3, 1, 3}, kThird, DType::f64);
  const Tensor one = tensor<int64_t>({1}, {1, 1}), equal = tensor<int64_t>({1, 1}, {1, 2});
  const CtcOptions sum{.reduction = Reduction::sum};
  EXPECT_NEAR(ctc_loss(x, one, {3}, {1}, sum).item<double>(), -std::log(6.0 / 27), 1e-12);
  EXPECT_NEAR(ctc_loss(x, equal, {3}, {2}, sum).item<double>(), -std::log(1.0 / 27), 1e-12);
  EXPECT_NEAR(ctc_loss(x, equal, {3}, {0}, sum).item<double>(), -std::log(1.0 / 27), 1e-12);
}

TEST(Ctc, IsInfiniteWhereTheInputIsTooShort) {
  Tensor x = full({2, 1, 3}, kThird, DType::f64).set_requires_grad();
  const Tensor equal = tensor<int64_t>({1, 1}, {1, 2});
  EXPECT_EQ(ctc_loss(x, equal, {2}, {2}).item<double>(), INFINITY);
  const Tensor loss = ctc_loss(x, equal, {2}, {2}, {.zero_infinity = true});
  EXPECT_EQ(loss.item<double>(), 0);
  backward(loss);
  EXPECT_EQ(x.grad().to_vector<double>(), std::vector<double>(6));
}

TEST(Ctc, KeepsNan) {
  const Tensor targets = tensor<int64_t>({1, 1}, {2, 1});
  for (const int64_t place : {7, 12}) {  // of the first sample: label 1 at step 1, blank at step 2
    for (const bool zero_infinity : {false, true}) {
      Tensor x = full({3, 2, 3}, kThird, DType::f64);
      x.data<double>()[place] = NAN;
      x.set_requires_grad();
      const CtcOptions options{.reduction = Reduction::none, .zero_infinity = zero_infinity};
      const Tensor losses = ctc_loss(x, targets, {3, 3}, {1, 1}, options);
      EXPECT_TRUE(std::isnan(losses.to_vector<double>()[0])) << place;
      EXPECT_NEAR(losses.to_vector<double>()[1], 1.5040773967762742, 1e-12);  // PyTorch's
      backward(losses, ones({2}, DType::f64));
      const auto dx = x.grad().to_vector<double>();
      for (size_t t = 0; t < 3; ++t) {
        for (size_t c = 0; c < 3; ++c) {
          EXPECT_EQ(std::isnan(dx[6 * t + c]), c < 2) << t << " " << c;
          EXPECT_FALSE(std::isnan(dx[6 * t + 3 + c])) << t << " " << c;
        }
      }
    }
  }
}

TEST(Ctc, SaysWhatDoesNotFit) {
  const Tensor x = full({3, 2, 3}, kThird), targets = tensor<int64_t>({1, 2, 2, 1}, {2, 2});
  EXPECT_EQ(message<ShapeError>([&] {
              ctc_loss(x, targets, {3}, {1, 1});
            }),
            "[ctc_loss] 1 input_lengths for a batch of 2");
  EXPECT_EQ(message<ValueError>([&] {
              ctc_loss(x, targets, {3, 4}, {1, 1});
            }),
            "[ctc_loss] input_lengths holds 4, which is not in [0, 3]");
  EXPECT_EQ(message<ValueError>([&] {
              ctc_loss(x, targets, {3, 3}, {1, 1}, {.blank = 3});
            }),
            "[ctc_loss] blank is 3, outside of [0, 3)");
  EXPECT_EQ(message<IndexError>([&] {
              ctc_loss(x, tensor<int64_t>({1, 2, 2, 3}, {2, 2}), {3, 3}, {1, 2});
            }),
            "[ctc_loss] label 1 of target 1 is 3, outside of [0, 3)");
  EXPECT_EQ(message<ShapeError>([&] {
              ctc_loss(x, tensor<int64_t>({1, 2, 2}), {3, 3}, {1, 1});
            }),
            "[ctc_loss] target_lengths add up to 2, targets are i64[3]");
  EXPECT_EQ(message<ShapeError>([&] {
              ctc_loss(full({3, 3}, kThird), targets, {3}, {1});
            }),
            "[ctc_loss] log_probs are [steps, batch, classes], got f32[3, 3]");
}

}  // namespace
}  // namespace strata
