#include "strata/ops/dropout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

TEST(Dropout, FollowsTheCountersOfItsElements) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16, DType::f16}) {
    Generator generator(11);
    generator.stream = 5;
    const Tensor y = dropout(full({7, 143}, 3, dtype), 0.25, true, generator);
    EXPECT_EQ(generator.stream, 6U);
    const auto got = y.to_vector<double>();
    for (size_t i = 0; i < got.size(); ++i) {
      const bool stays = philox(11, 5, i / 4)[i % 4] >= uint32_t{1} << 30;
      ASSERT_NEAR(got[i], stays ? 4.0 : 0.0, 1e-6) << i;
    }
  }
}

TEST(Dropout, DropsItsShare) {
  Generator generator(3);
  for (const double p : {0.1, 0.5, 0.9}) {
    const Tensor y = dropout(ones({400, 1000}), p, true, generator);
    double zeros = 0;
    for (const double v : y.to_vector<double>()) zeros += v == 0;
    EXPECT_NEAR(zeros / 400000, p, 4 * std::sqrt(p * (1 - p) / 400000));
  }
}

TEST(Dropout, EdgesOfItsRange) {
  const Tensor x = randn({50});
  EXPECT_TRUE(dropout(x, 0.0).same_as(x));
  EXPECT_TRUE(dropout(x, 0.5, false).same_as(x));
  EXPECT_EQ(sum(dropout(x, 1.0) * x).item<double>(), 0.0);
  // As PyTorch, which multiplies by zero.
  EXPECT_TRUE(std::isnan(dropout(full({1}, INFINITY), 1.0).item<float>()));
  EXPECT_EQ(dropout(zeros({0, 3}), 0.5).shape(), (Shape{0, 3}));
  for (const double p : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(dropout(x, p), ValueError);
    EXPECT_THROW(dropout(x, p, false), ValueError);
  }
  EXPECT_THROW(dropout(zeros({2}, DType::i64), 0.5), DTypeError);
}

TEST(Dropout, GradientMakesTheSameChoice) {
  Generator generator(1);
  Tensor x = ones({1000}).set_requires_grad();
  const Tensor y = dropout(x, 0.4, true, generator);
  generator.next_stream();  // what the generator does later changes nothing
  backward(sum(y));
  EXPECT_EQ(x.grad().to_vector<float>(), y.to_vector<float>());
}

TEST(Dropout, NonContiguousInput) {
  Generator a(2), b(2);
  const Tensor x = randn({30, 40});
  EXPECT_EQ(dropout(transpose(x, 0, 1), 0.5, true, a).to_vector<float>(),
            dropout(copy(transpose(x, 0, 1)), 0.5, true, b).to_vector<float>());
}

TEST(Dropout, SameBitsOnAnyNumberOfThreads) {
  const int before = thread_count();
  std::vector<std::vector<float>> seen;
  for (const int threads : {1, 2, 3, 4}) {
    set_thread_count(threads);
    Generator generator(9);
    seen.push_back(dropout(ones({50001}), 0.5, true, generator).to_vector<float>());
  }
  set_thread_count(before);
  for (const auto& run : seen) EXPECT_EQ(run, seen[0]);
}

TEST(Dropout, GradientsOfGradients) {
  const auto f = [](std::span<const Tensor> in) {
    Generator generator(4);
    return std::vector{dropout(in[0] * in[0], 0.3, true, generator)};
  };
  const std::vector<Tensor> in = {rand({5, 5}, -1, 1, DType::f64).set_requires_grad()};
  EXPECT_LT(gradcheck(f, in, 1).error, 1e-8);
  EXPECT_LT(gradcheck(f, in, 2).error, 1e-7);
}

/// One value for each sample and channel of y, of ones: its places all have the same.
std::vector<double> channels(const Tensor& y) {
  const Tensor rows = reshape(y, {y.size(0), -1, y.size(-1)});
  const Tensor first = slice(rows, 1, 0, 1);
  EXPECT_EQ(sum(abs(rows - first)).item<double>(), 0);
  return first.to_vector<double>();
}

TEST(DropoutOfChannels, FollowsSampleAndChannel) {
  const auto expect = [](auto op, const Shape& shape) {
    for (const DType dtype : {DType::f32, DType::f64, DType::bf16, DType::f16}) {
      Generator generator(11);
      generator.stream = 5;
      const auto got = channels(op(full(shape, 3, dtype), 0.25, true, generator));
      EXPECT_EQ(generator.stream, 6U);
      for (size_t i = 0; i < got.size(); ++i) {
        const bool stays = philox(11, 5, i / 4)[i % 4] >= uint32_t{1} << 30;
        ASSERT_NEAR(got[i], stays ? 4.0 : 0.0, 0.02) << i;
      }
    }
  };
  expect(dropout1d, {7, 3, 13});
  expect(dropout2d, {7, 3, 2, 13});
  expect(dropout3d, {7, 3, 2, 2, 13});
}

TEST(DropoutOfChannels, DropsItsShare) {
  Generator generator(3);
  for (const double p : {0.1, 0.5, 0.9}) {
    const auto values = channels(dropout2d(ones({400, 2, 1, 1000}), p, true, generator));
    const auto zeros = static_cast<double>(std::count(values.begin(), values.end(), 0));
    EXPECT_NEAR(zeros / 400000, p, 4 * std::sqrt(p * (1 - p) / 400000));
  }
}

TEST(DropoutVariants, HalfTypesRoundTheResultAlone) {
  for (const DType dtype : {DType::bf16, DType::f16}) {
    const Tensor x = cast(randn({5, 3, 3, 64}), dtype);
    const auto both = [&](auto drop) {
      Generator one(7), other(7);
      const Tensor got = drop(x, one), wanted = cast(drop(cast(x, DType::f32), other), dtype);
      EXPECT_EQ(got.to_vector<double>(), wanted.to_vector<double>());
    };
    both([](const Tensor& t, Generator& g) { return dropout2d(t, 0.1, true, g); });
    both([](const Tensor& t, Generator& g) { return alpha_dropout(t, 0.1, true, g); });
    both([](const Tensor& t, Generator& g) { return feature_alpha_dropout(t, 0.1, true, g); });
    Generator g(7);
    EXPECT_EQ(dropout2d(x, 0.1, true, g).dtype(), dtype);
  }
}

TEST(AlphaDropout, KeepsMeanAndVariance) {
  Generator generator(5);
  for (const double p : {0.1, 0.5, 0.8}) {
    const Tensor x = randn({400, 1000}, 0, 1, DType::f64, kCpu, generator);
    const Tensor y = alpha_dropout(x, p, true, generator);
    EXPECT_NEAR(mean(y).item<double>(), 0, 0.01) << p;
    EXPECT_NEAR(var(y).item<double>(), 1, 0.02) << p;
    const Tensor rows = reshape(x, {400, 10, 100});
    const Tensor z = feature_alpha_dropout(rows, p, true, generator);
    EXPECT_NEAR(mean(z).item<double>(), 0, 0.05) << p;
    EXPECT_NEAR(var(z).item<double>(), 1, 0.05) << p;
  }
}

TEST(AlphaDropout, IsPyTorchsLine) {
  Generator generator(2);
  const auto values = alpha_dropout(full({1000}, 2, DType::f64), 0.3, true, generator);
  // By torch.nn.functional.alpha_dropout of twos: what goes, and what stays.
  const double gone = -1.059548158986, stays = 2.175997300630;
  int64_t dropped = 0;
  for (const double v : values.to_vector<double>()) {
    dropped += v < 0;
    ASSERT_NEAR(v, v < 0 ? gone : stays, 1e-9);
  }
  EXPECT_NEAR(static_cast<double>(dropped), 300, 60);
}

TEST(DropoutVariants, EdgesOfTheirRange) {
  const Tensor x = randn({2, 3, 4});
  for (const auto op : {dropout1d, alpha_dropout, feature_alpha_dropout}) {
    Generator generator(1);
    EXPECT_TRUE(op(x, 0, true, generator).same_as(x));
    EXPECT_TRUE(op(x, 0.5, false, generator).same_as(x));
    EXPECT_EQ(sum(abs(op(x, 1, true, generator))).item<double>(), 0);
    EXPECT_TRUE(std::isnan(op(full({1, 1, 1}, INFINITY), 1, true, generator).item<float>()));
    EXPECT_EQ(op(zeros({0, 3, 2}), 0.5, true, generator).shape(), (Shape{0, 3, 2}));
    for (const double p : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
      EXPECT_THROW(op(x, p, false, generator), ValueError);
    }
    EXPECT_THROW(op(zeros({2, 2, 2}, DType::i64), 0.5, true, generator), DTypeError);
  }
}

TEST(DropoutVariants, GradientsMakeTheSameChoice) {
  for (const auto op : {dropout1d, alpha_dropout, feature_alpha_dropout}) {
    Generator generator(1);
    Tensor x = zeros({20, 3, 5}).set_requires_grad();
    const Tensor y = op(x, 0.4, true, generator);
    generator.next_stream();
    backward(sum(y));
    Generator again(1);
    // The line's slope, where it does not drop.
    const Tensor slope = op(ones({20, 3, 5}), 0.4, true, again) - y.detach();
    const auto a = x.grad().to_vector<float>(), b = slope.to_vector<float>();
    for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-6);
    EXPECT_GT(std::count(a.begin(), a.end(), 0.0f), 50);
  }
}

TEST(DropoutVariants, SayWhatTheyTake) {
  EXPECT_EQ(testing::message<ShapeError>([] {
              dropout2d(ones({2, 3, 4}), 0.5);
            }),
            "[dropout2d] x must be [N, H, W, C], got f32[2, 3, 4]");
  EXPECT_EQ(testing::message<ShapeError>([] { feature_alpha_dropout(ones({2}), 0.5); }),
            "[feature_alpha_dropout] x must be [N, ..., C], got f32[2]");
  EXPECT_EQ(testing::message<ValueError>([] { alpha_dropout(ones({2}), 2); }),
            "[alpha_dropout] p must be in [0, 1], got 2");
}

}  // namespace
}  // namespace strata
