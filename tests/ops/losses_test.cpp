#include "strata/ops/losses.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/softmax.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

Tensor normal(const Shape& shape, DType dtype = DType::f64, uint64_t seed = 1) {
  Generator g(seed);
  return cast(randn(shape, 0, 2, DType::f32, kCpu, g), dtype);
}

TEST(CrossEntropy, EqualsLogSoftmaxAtTheTarget) {
  const Tensor x = normal({6, 10});
  const std::vector<int64_t> classes = {3, 0, 9, 1, 1, 7};
  const std::vector<double> p = log_softmax(x).to_vector<double>();
  double want = 0;
  for (size_t i = 0; i < 6; ++i) want -= p[i * 10 + static_cast<size_t>(classes[i])] / 6;
  EXPECT_NEAR(cross_entropy(x, tensor(classes, {6})).item<double>(), want, 1e-14);
  EXPECT_NEAR(cross_entropy(cast(x, DType::f32), tensor(classes, {6})).item<double>(), want, 1e-6);
  EXPECT_NEAR(cross_entropy(cast(x, DType::bf16), tensor(classes, {6})).item<double>(), want, 2e-2);
}

TEST(CrossEntropy, HasRightGradientsOfBothOrders) {
  const Tensor target = tensor<int64_t>({3, 0, 4, 1, 1}, {5});
  const Tensor weight = tensor<double>({1, 0.5, 2, 3, 0.25}, {5});
  for (Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
    for (const bool weighed : {false, true}) {
      for (const double smoothing : {0.0, 0.2}) {
        const CrossEntropyOptions options{.weight = weighed ? weight : Tensor(),
                                          .ignore_index = 4,
                                          .label_smoothing = smoothing,
                                          .reduction = reduction};
        const Tensor xs[] = {normal({5, 5}).set_requires_grad()};
        const auto f = [&](std::span<const Tensor> in) {
          return std::vector{cross_entropy(in[0], target, options)};
        };
        const auto first = gradcheck(f, xs), second = gradcheck(f, xs, 2);
        EXPECT_LE(first.error, 1e-8) << first.where;
        EXPECT_LE(second.error, 1e-8) << second.where;
      }
    }
  }
}

TEST(CrossEntropy, OfProbabilitiesHasGradientsOfBoth) {
  const Tensor xs[] = {normal({4, 3}).set_requires_grad(),
                       softmax(normal({4, 3}, DType::f64, 2)).set_requires_grad()};
  const auto f = [&](std::span<const Tensor> in) {
    return std::vector{cross_entropy(in[0], in[1], {.label_smoothing = 0.1})};
  };
  const auto first = gradcheck(f, xs), second = gradcheck(f, xs, 2);
  EXPECT_LE(first.error, 1e-8) << first.where;
  EXPECT_LE(second.error, 1e-8) << second.where;
}

TEST(CrossEntropy, NamesWhatDoesNotFit) {
  const Tensor x = normal({2, 3});
  try {
    cross_entropy(x, tensor<int64_t>({0, 3}, {2}));
    FAIL();
  } catch (const IndexError& e) {
    EXPECT_STREQ(e.what(), "[cross_entropy] target 3 at row 1 is outside of [0, 3)");
  }
  EXPECT_THROW(cross_entropy(x, tensor<int64_t>({0, 1, 2}, {3})), ShapeError);
  EXPECT_THROW(cross_entropy(x, ones({2, 2})), ShapeError);
  EXPECT_THROW(cross_entropy(x, tensor<int64_t>({0, 1}, {2}), {.weight = ones({2})}), ShapeError);
  EXPECT_THROW(cross_entropy(x, tensor<int64_t>({0, 1}, {2}), {.label_smoothing = 2}), ValueError);
  EXPECT_THROW(cross_entropy(zeros({2, 3}, DType::i64), zeros({2}, DType::i64)), DTypeError);
}

TEST(CrossEntropy, GivesTheSameBitsOnAnyNumberOfThreads) {
  const int before = thread_count();
  Tensor x = normal({3000, 10}, DType::f32).set_requires_grad();
  Generator g(3);
  const Tensor target = randint(0, 10, {3000}, DType::i64, kCpu, g);
  std::vector<float> want;
  for (int threads : {1, 2, 3, 4}) {
    set_thread_count(threads);
    x.set_grad({});
    const Tensor loss = cross_entropy(x, target);
    backward(loss);
    std::vector<float> got = x.grad().to_vector<float>();
    got.push_back(loss.item<float>());
    if (threads == 1) want = got;
    EXPECT_EQ(got, want) << threads << " threads";
  }
  set_thread_count(before);
}

TEST(CrossEntropy, IsNanWhereNoRowCounts) {
  const Tensor target = tensor<int64_t>({-100, -100}, {2});
  EXPECT_TRUE(std::isnan(cross_entropy(normal({2, 3}), target).item<double>()));
  EXPECT_EQ(cross_entropy(normal({2, 3}), target, {.reduction = Reduction::sum}).item<double>(), 0);
}

TEST(BceWithLogits, StaysFiniteForLargeLogits) {
  const Tensor x = tensor<float>({-200, 200, 0}), t = tensor<float>({1, 1, 0.5f});
  const std::vector<float> y =
      bce_with_logits(x, t, {.reduction = Reduction::none}).to_vector<float>();
  EXPECT_FLOAT_EQ(y[0], 200);
  EXPECT_FLOAT_EQ(y[1], 0);
  EXPECT_FLOAT_EQ(y[2], std::log(2.0f));
}

TEST(BceWithLogits, TakesOneShapeAndFloatingTargets) {
  const Tensor x = ones({4, 1}), weight = ones({2, 4, 1});
  EXPECT_EQ(message<ShapeError>([&] { bce_with_logits(x, ones({4})); }),
            "[bce_with_logits] target f32[4] does not have the shape of x f32[4, 1]");
  EXPECT_THROW(bce_with_logits(x, ones({4}), {.pos_weight = ones({1})}), ShapeError);
  for (const DType dtype : {DType::i64, DType::boolean}) {
    EXPECT_THROW(bce_with_logits(x, ones({4, 1}, dtype)), DTypeError);
    EXPECT_THROW(bce_with_logits(x, ones({4, 1}, dtype), {.weight = ones({1})}), DTypeError);
    EXPECT_THROW(bce_with_logits(ones({4, 1}, dtype), x), DTypeError);
    EXPECT_THROW(bce_loss(x, ones({4, 1}, dtype)), DTypeError);
  }
  EXPECT_EQ(message<DTypeError>([&] {
              bce_with_logits(x, ones({4, 1}, DType::i64));
            }),
            "[bce_with_logits] targets are floating, got i64[4, 1]\n"
            "  hint: cast(target, DType::f32)");
  EXPECT_EQ(message<ShapeError>([&] { bce_with_logits(x, x, {.weight = weight}); }),
            "[bce_with_logits] weight f32[2, 4, 1] does not broadcast to x f32[4, 1]");
  EXPECT_THROW(bce_with_logits(x, x, {.pos_weight = ones({4})}), ShapeError);
  EXPECT_THROW(bce_loss(x, x, weight), ShapeError);
}

TEST(GaussianNll, TakesInfiniteVariances) {
  const Tensor x = zeros({2}).set_requires_grad();
  const Tensor variance = tensor({INFINITY, 0.0F}).set_requires_grad();
  const Tensor y = gaussian_nll_loss(x, ones({2}), variance, {.reduction = Reduction::none});
  EXPECT_EQ(y.to_vector<float>()[0], INFINITY);
  EXPECT_NEAR(y.to_vector<float>()[1], 0.5 * (std::log(1e-6) + 1e6), 1);
  backward(sum(y));
  EXPECT_EQ(x.grad().to_vector<float>()[0], 0);
  EXPECT_EQ(variance.grad().to_vector<float>()[0], 0);
  EXPECT_NEAR(variance.grad().to_vector<float>()[1], 0.5 * (1e6 - 1e12), 1e6);
}

TEST(L1Loss, HasNoGradientWhereEqual) {
  Tensor x = tensor<float>({1, 2, 3}).set_requires_grad();
  backward(l1_loss(x, tensor<float>({1, 3, 2}), Reduction::sum));
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{0, -1, 1}));
}

TEST(MseLoss, HasRightGradientsOfBothOrders) {
  for (Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
    const Tensor xs[] = {normal({4, 3}).set_requires_grad(),
                         normal({3}, DType::f64, 2).set_requires_grad()};
    const auto f = [&](std::span<const Tensor> in) {
      return std::vector{mse_loss(in[0], in[1], reduction)};
    };
    const auto first = gradcheck(f, xs), second = gradcheck(f, xs, 2);
    EXPECT_LE(first.error, 1e-8) << first.where;
    EXPECT_LE(second.error, 1e-8) << second.where;
  }
}

TEST(MseLoss, IsTheMeanSquare) {
  const Tensor x = tensor<float>({1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_FLOAT_EQ(mse_loss(x, zeros({9})).item<float>(), 285.0f / 9);
  EXPECT_FLOAT_EQ(mse_loss(x, zeros({9}), Reduction::sum).item<float>(), 285);
  EXPECT_TRUE(std::isnan(mse_loss(zeros({0}), zeros({0})).item<float>()));
}

TEST(CrossEntropy, AllIgnoredHasNoGradientOfAnyOrder) {
  Tensor x = tensor<float>({1, 2, 3}, {1, 3});
  x.set_requires_grad();
  const Tensor loss = cross_entropy(x, tensor<int64_t>({1}, {1}), {.ignore_index = 1});
  EXPECT_TRUE(std::isnan(loss.item<float>()));  // as in PyTorch
  const std::vector<Tensor> ys = {loss}, xs = {x};
  const Tensor dx = grad(ys, xs, {}, {.create_graph = true}).at(0);
  EXPECT_EQ(dx.to_vector<float>(), (std::vector<float>{0, 0, 0}));
}

}  // namespace
}  // namespace strata
