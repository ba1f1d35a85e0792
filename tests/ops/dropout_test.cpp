#include "strata/ops/dropout.h"

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
#include "strata/ops/views.h"

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

}  // namespace
}  // namespace strata
