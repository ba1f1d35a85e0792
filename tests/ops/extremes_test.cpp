#include "strata/ops/extremes.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"

namespace strata {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
using Floats = std::vector<float>;
using Indices = std::vector<int64_t>;

TEST(Argmax, FindsTheFirstAndNanWins) {
  const Tensor x = tensor<float>({1, 5, 5, 2, kNan, 3, 9, kNan, 0, 0, 0, 0}, {3, 4});
  EXPECT_EQ(argmax(x, 1).to_vector<int64_t>(), (Indices{1, 0, 0}));
  EXPECT_EQ(argmin(x, 1).to_vector<int64_t>(), (Indices{0, 0, 0}));
  EXPECT_EQ(argmax(x, 0).to_vector<int64_t>(), (Indices{1, 0, 1, 1}));
  EXPECT_EQ(argmax(x).item<int64_t>(), 4);
  EXPECT_EQ(argmax(x, 0, true).shape(), (Shape{1, 4}));
  EXPECT_EQ(argmax(tensor<int64_t>({3, 7, 7})).item<int64_t>(), 1);
  EXPECT_EQ(argmax(scalar(2.0f)).item<int64_t>(), 0);
}

TEST(Argmax, AgreesWithAPlainLoop) {
  for (const Shape& shape : {Shape{64, 10}, Shape{5, 1000}, Shape{1000, 5}, Shape{3, 40, 17}}) {
    const Tensor x = randint(0, 50, shape);
    for (DType dtype : {DType::f32, DType::f64, DType::bf16}) {
      for (int axis = 0; axis < x.rank(); ++axis) {
        EXPECT_EQ(argmax(cast(x, dtype), axis).to_vector<int64_t>(),
                  argmax(x, axis).to_vector<int64_t>());
        EXPECT_EQ(argmin(cast(x, dtype), axis).to_vector<int64_t>(),
                  argmin(x, axis).to_vector<int64_t>());
      }
    }
  }
}

TEST(Max, GivesValuesAndFirstPositions) {
  const Tensor x = tensor<float>({1, 4, 4, -kInf, kNan, kInf}, {2, 3});
  const Extremes rows = max(x, 1);
  EXPECT_EQ(rows.values.to_vector<float>()[0], 4);
  EXPECT_TRUE(std::isnan(rows.values.to_vector<float>()[1]));
  EXPECT_EQ(rows.indices.to_vector<int64_t>(), (Indices{1, 1}));
  EXPECT_EQ(min(x, 0).values.to_vector<float>()[0], -kInf);
  EXPECT_TRUE(std::isnan(max(x).item<float>()));
  EXPECT_TRUE(std::isnan(min(x).item<float>()));
  EXPECT_EQ(amax(tensor<int32_t>({3, 9, -4})).item<int32_t>(), 9);
  EXPECT_EQ(amax(full({3, 70}, -kInf), {1}).to_vector<float>(), (Floats{-kInf, -kInf, -kInf}));
}

TEST(Max, NanWinsWhereverItStands) {
  for (int64_t n : {3, 40, 2100, 70000}) {
    for (int64_t at : {int64_t{0}, n / 2, n - 1}) {
      std::vector<float> v(static_cast<size_t>(n), 1);
      v[static_cast<size_t>(at)] = kNan;
      for (const Shape& shape : {Shape{n}, Shape{n, 1, 1}, Shape{1, n}}) {
        const Tensor x = tensor(v, shape);
        EXPECT_TRUE(std::isnan(max(x).item<float>()) && std::isnan(min(x).item<float>()));
        EXPECT_EQ(argmax(x).item<int64_t>(), at);
      }
      std::vector<float> wide(v.size() * 2, 0);
      wide[static_cast<size_t>(2 * at + 1)] = kNan;
      const Tensor columns = tensor(wide, {n, 2});
      EXPECT_TRUE(std::isnan(amax(columns, {0}).to_vector<float>()[1]));
      EXPECT_EQ(argmin(columns, 0).to_vector<int64_t>(), (Indices{0, at}));
    }
  }
}

TEST(Max, SharesTheGradientBetweenTiesOverAxesAndGivesItToTheFirstAlongOne) {
  Tensor x = tensor<float>({2, 5, 5, 1}).set_requires_grad();
  backward(max(x));
  EXPECT_EQ(x.grad().to_vector<float>(), (Floats{0, 0.5f, 0.5f, 0}));
  x.set_grad({});
  backward(max(x, 0).values);
  EXPECT_EQ(x.grad().to_vector<float>(), (Floats{0, 1, 0, 0}));
}

TEST(Max, GradientsOfNanAsPyTorch) {
  using Function = Tensor (*)(const Tensor&);
  const auto gradient = [](Function f, const Floats& values) {
    Tensor x = tensor(values).set_requires_grad();
    backward(f(x));
    Floats g = x.grad().to_vector<float>();
    for (float& v : g) v = std::isnan(v) ? -1 : v;  // comparable
    return g;
  };
  for (const Function f : {Function([](const Tensor& x) { return amax(x, 0); }),
                           Function([](const Tensor& x) { return amin(x); })}) {
    EXPECT_EQ(gradient(f, {1, kNan, 3, kNan}), (Floats{-1, -1, -1, -1}));
    EXPECT_EQ(gradient(f, {kNan}), (Floats{-1}));
    EXPECT_EQ(gradient(f, {kInf, kInf}), (Floats{0.5F, 0.5F}));
  }
  for (const Function f : {Function([](const Tensor& x) { return max(x); }),
                           Function([](const Tensor& x) { return min(x); })}) {
    EXPECT_EQ(gradient(f, {1, kNan, 3, kNan}), (Floats{0, 0.5F, 0, 0.5F}));
    EXPECT_EQ(gradient(f, {kInf, kNan, -kInf}), (Floats{0, 1, 0}));
    EXPECT_EQ(gradient(f, {kNan}), (Floats{1}));
    EXPECT_EQ(gradient(f, {-kInf, -kInf}), (Floats{0.5F, 0.5F}));
  }
  for (const Function f : {Function([](const Tensor& x) { return max(x, 0).values; }),
                           Function([](const Tensor& x) { return min(x, 0).values; })}) {
    EXPECT_EQ(gradient(f, {1, kNan, 3, kNan}), (Floats{0, 1, 0, 0}));
  }
  // A row without NaN is as it would be alone.
  Tensor x = tensor<float>({1, kNan, 2, 2}, {2, 2}).set_requires_grad();
  backward(sum(amax(x, 1)));
  const Floats g = x.grad().to_vector<float>();
  EXPECT_TRUE(std::isnan(g[0]) && std::isnan(g[1]));
  EXPECT_EQ(g[2], 0.5F);
}

TEST(Topk, IsSortedAndTakesTheFirstOfEqualOnes) {
  const Tensor x = tensor<float>({3, kNan, 3, 7, -kInf, 3}, {1, 6});
  const Extremes top = topk(x, 4);
  EXPECT_EQ(top.indices.to_vector<int64_t>(), (Indices{1, 3, 0, 2}));
  const Extremes low = topk(x, 6, -1, false);
  EXPECT_EQ(low.indices.to_vector<int64_t>(), (Indices{4, 0, 2, 5, 3, 1}));
  EXPECT_EQ(topk(x, 0).values.shape(), (Shape{1, 0}));
  EXPECT_EQ(topk(tensor<int64_t>({4, 9, 1}), 2).values.to_vector<int64_t>(), (Indices{9, 4}));
  EXPECT_EQ(topk(x, 1, 0).values.shape(), (Shape{1, 6}));
  try {
    topk(x, 7);
    FAIL();
  } catch (const ValueError& e) {
    EXPECT_STREQ(e.what(), "[topk] k is 7, but axis 1 of f32[1, 6] has 6 elements");
  }
}

TEST(Extremes, NeedAnElement) {
  EXPECT_THROW(argmax(zeros({2, 0}), 1), IndexError);
  EXPECT_THROW(max(zeros({0})), IndexError);
  EXPECT_EQ(max(zeros({0, 3}), 1).values.shape(), (Shape{0}));
  EXPECT_THROW(max(zeros({2}), 1), IndexError);
}

TEST(Extremes, GiveTheSameOnAnyNumberOfThreads) {
  const int before = thread_count();
  const Tensor x = cast(randint(0, 1000, {50, 3001}), DType::f32);
  set_thread_count(1);
  const auto rows = argmax(x, 1).to_vector<int64_t>(), columns = argmax(x, 0).to_vector<int64_t>();
  for (int threads : {2, 3, 4}) {
    set_thread_count(threads);
    EXPECT_EQ(argmax(x, 1).to_vector<int64_t>(), rows);
    EXPECT_EQ(argmax(x, 0).to_vector<int64_t>(), columns);
  }
  set_thread_count(before);
}

}  // namespace
}  // namespace strata
