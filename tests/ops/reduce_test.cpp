#include "strata/ops/reduce.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"

namespace strata {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Tensor normal(const Shape& shape, DType dtype = DType::f32, uint64_t seed = 1) {
  Generator g(seed);
  return cast(randn(shape, 0.5, 1, DType::f32, kCpu, g), dtype);
}

/// Sums element by element in f64.
std::vector<double> plain_sum(const Tensor& x, int axis) {
  int64_t outer = 1, inner = 1;
  for (int i = 0; i < axis; ++i) outer *= x.size(i);
  for (int i = axis + 1; i < x.rank(); ++i) inner *= x.size(i);
  const std::vector<double> v = x.to_vector<double>();
  std::vector<double> y(static_cast<size_t>(outer * inner));
  for (size_t i = 0; i < v.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    y[static_cast<size_t>(at / inner / x.size(axis) * inner + at % inner)] += v[i];
  }
  return y;
}

void expect_near(const Tensor& y, const std::vector<double>& want, double tolerance) {
  EXPECT_LE(testing::relative_difference(y.to_vector<double>(), want), tolerance) << describe(y);
}

TEST(Sum, IsRightAlongEveryAxisOfManyShapes) {
  const std::vector<Shape> shapes = {{1},        {7},         {1025},       {3, 5},     {64, 10},
                                     {64, 512},  {300, 3},    {2, 1000, 3}, {5, 1, 9},  {4, 70, 33},
                                     {1, 70000}, {3, 140001}, {20000, 7},   {600, 1500}};
  for (const Shape& shape : shapes) {
    for (DType dtype : {DType::f32, DType::f64, DType::bf16}) {
      const Tensor x = normal(shape, dtype);
      for (int axis = 0; axis < x.rank(); ++axis) {
        SCOPED_TRACE(describe(x) + " axis " + std::to_string(axis));
        const double tolerance = dtype == DType::f64 ? 1e-14 : dtype == DType::f32 ? 1e-6 : 4e-3;
        expect_near(sum(x, {axis}), plain_sum(x, axis), tolerance);
      }
    }
  }
}

TEST(Sum, TakesSeveralAxesAndViews) {
  const Tensor x = normal({3, 4, 5, 6}, DType::f64);
  const Tensor want = sum(sum(x, {2}), {0});  // [4, 6]
  expect_near(sum(x, {0, 2}), want.to_vector<double>(), 1e-14);
  expect_near(sum(x, {-2, 0}), want.to_vector<double>(), 1e-14);
  EXPECT_EQ(sum(x, {0, 2}, true).shape(), (Shape{1, 4, 1, 6}));
  expect_near(sum(permute(x, {3, 1, 0, 2}), {2, 3}), transpose(want, 0, 1).to_vector<double>(),
              1e-14);
  const Tensor bf = cast(x, DType::bf16);
  EXPECT_EQ(sum(bf, {0, 2}).dtype(), DType::bf16);
  expect_near(sum(bf, {0, 2}), sum(cast(bf, DType::f64), {0, 2}).to_vector<double>(), 4e-3);
}

TEST(Sum, OfIntegersIsI64) {
  const Tensor x = tensor<int32_t>({1, 2, 3, 2000000000, 2000000000, 6}, {2, 3});
  EXPECT_EQ(sum(x).item<int64_t>(), 4000000012);
  EXPECT_EQ(sum(x, {0}).to_vector<int64_t>(), (std::vector<int64_t>{2000000001, 2000000002, 9}));
  EXPECT_EQ(sum(tensor<bool>({true, false, true})).item<int64_t>(), 2);
}

TEST(Sum, OfNothingIsZero) {
  EXPECT_EQ(sum(zeros({0})).item<float>(), 0);
  EXPECT_EQ(sum(zeros({2, 0}), {1}).to_vector<float>(), (std::vector<float>{0, 0}));
  EXPECT_EQ(sum(zeros({2, 0}), {0}).shape(), (Shape{0}));
  EXPECT_EQ(sum(zeros({0, 3}), {0}).to_vector<float>(), (std::vector<float>{0, 0, 0}));
  EXPECT_TRUE(std::isnan(mean(zeros({0})).item<float>()));
  EXPECT_EQ(sum(scalar(3.f)).item<float>(), 3);
  EXPECT_EQ(sum(scalar(3.f), {0}).item<float>(), 3);
}

TEST(Sum, KeepsNanAndInfinities) {
  EXPECT_TRUE(std::isnan(sum(tensor<float>({1, kNan, 2})).item<float>()));
  EXPECT_EQ(sum(tensor<float>({1, kInf, 2})).item<float>(), kInf);
  EXPECT_TRUE(std::isnan(sum(tensor<float>({-kInf, kInf})).item<float>()));
}

TEST(Sum, HasSmallErrorOnLongRows) {
  const Tensor x = full({1, 30000000}, 0.1);
  const double exact = 30000000 * static_cast<double>(0.1f);
  EXPECT_NEAR(sum(x).item<float>() / exact, 1, 5e-7);
  EXPECT_NEAR(sum(reshape(x, {-1, 3}), {0}).to_vector<double>()[1] / exact * 3, 1, 4e-6);
}

TEST(Sum, GivesTheSameBitsOnAnyNumberOfThreads) {
  const int before = thread_count();
  for (const Shape& shape :
       {Shape{1, 300007}, Shape{5000, 33}, Shape{70000, 3}, Shape{40, 999, 7}}) {
    const Tensor x = normal(shape);
    for (int axis = 0; axis < x.rank(); ++axis) {
      set_thread_count(1);
      const std::vector<float> want = sum(x, {axis}).to_vector<float>();
      for (int threads : {2, 3, 4}) {
        set_thread_count(threads);
        EXPECT_EQ(sum(x, {axis}).to_vector<float>(), want) << describe(x) << " axis " << axis;
      }
    }
  }
  set_thread_count(before);
}

TEST(Sum, NamesWrongAxes) {
  try {
    sum(zeros({2, 3}), {2});
    FAIL();
  } catch (const IndexError& e) {
    EXPECT_STREQ(e.what(), "[sum] axis 2 is outside of [-2, 1] for a tensor of rank 2");
  }
  try {
    sum(zeros({2, 3}), {1, -1});
    FAIL();
  } catch (const ValueError& e) {
    EXPECT_STREQ(e.what(), "[sum] axis 1 stands twice in [1, -1]");
  }
  try {
    mean(zeros({2}, DType::i64));
    FAIL();
  } catch (const DTypeError& e) {
    EXPECT_STREQ(e.what(),
                 "[mean] needs a floating tensor, got i64[2]\n  hint: cast(x, DType::f32)?");
  }
}

TEST(Var, KeepsItsAccuracyFarFromZero) {
  for (const Shape& shape : {Shape{2, 100000}, Shape{100000, 3}, Shape{40, 50, 60}}) {
    const Tensor x = cast(cast(normal(shape), DType::bf16), DType::f64);
    for (int axis = 0; axis < x.rank(); ++axis) {
      const Tensor want = var(x, {axis});
      const Tensor far = cast(x + 1024, DType::f32);  // exact: bf16 has 8 bits
      expect_near(var(far, {axis}), var(cast(far, DType::f64), {axis}).to_vector<double>(), 1e-5);
      expect_near(var(x + 1024, {axis}), want.to_vector<double>(), 1e-9);
    }
  }
}

TEST(Var, IsPyTorchsAtTheEdges) {
  EXPECT_TRUE(std::isnan(var(tensor<float>({3})).item<float>()));
  EXPECT_EQ(var(tensor<float>({3}), {}, 0).item<float>(), 0);
  EXPECT_EQ(var(tensor<float>({1, 3}), {}, 2).item<float>(), kInf);
  EXPECT_TRUE(std::isnan(var(zeros({0})).item<float>()));
  EXPECT_THROW(var(zeros({2}, DType::i64)), DTypeError);
}

TEST(Logsumexp, TreatsInfinitiesAsPyTorch) {
  EXPECT_EQ(logsumexp(tensor<float>({-kInf, -kInf})).item<float>(), -kInf);
  EXPECT_EQ(logsumexp(tensor<float>({0, kInf})).item<float>(), kInf);
  EXPECT_TRUE(std::isnan(logsumexp(tensor<float>({0, kNan})).item<float>()));
  EXPECT_FLOAT_EQ(logsumexp(tensor<float>({1000, 1000})).item<float>(), 1000 + std::log(2.0f));
  EXPECT_EQ(logsumexp(zeros({0})).item<float>(), -kInf);
}

TEST(Norm, HasNoGradientAtZero) {
  for (double p : {1.0, 2.0}) {
    Tensor x = zeros({3}).set_requires_grad();
    backward(norm(x, p));
    EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{0, 0, 0}));
  }
  EXPECT_EQ(norm(tensor<float>({-3, 4})).item<float>(), 5);
  EXPECT_EQ(norm(tensor<float>({-3, 4}), 0).item<float>(), 2);
  EXPECT_EQ(norm(tensor<float>({-3, 4}), kInf).item<float>(), 4);
  EXPECT_EQ(norm(tensor<float>({-3, 4}), -kInf).item<float>(), 3);
  EXPECT_EQ(norm(zeros({0})).item<float>(), 0);
}

TEST(Cumsum, RunsAlongTheAxis) {
  const Tensor x = tensor<int32_t>({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(cumsum(x, 1).to_vector<int64_t>(), (std::vector<int64_t>{1, 3, 6, 4, 9, 15}));
  EXPECT_EQ(cumsum(x, 0, true).to_vector<int64_t>(), (std::vector<int64_t>{5, 7, 9, 4, 5, 6}));
  EXPECT_EQ(cumsum(zeros({0, 2}), 0).shape(), (Shape{0, 2}));
  EXPECT_EQ(cumsum(scalar(4.0f), 0).item<float>(), 4);
}

TEST(AnyAll, TreatNothingAsPyTorch) {
  EXPECT_FALSE(any(zeros({0})).item<bool>());
  EXPECT_TRUE(all(zeros({0})).item<bool>());
  EXPECT_TRUE(any(tensor<float>({0, kNan})).item<bool>());
  EXPECT_FALSE(all(tensor<bool>({true, false})).item<bool>());
}

TEST(SumTo, UndoesBroadcasting) {
  EXPECT_EQ(sum_to(ones({4, 3}), {3}).to_vector<float>(), (std::vector<float>{4, 4, 4}));
  EXPECT_EQ(sum_to(ones({4, 3}), {4, 1}).shape(), (Shape{4, 1}));
  EXPECT_EQ(sum_to(ones({2, 4, 3}), {}).item<float>(), 24);
  EXPECT_EQ(sum_to(ones({5, 4, 3}), {1, 4, 1}).to_vector<float>(),
            (std::vector<float>{15, 15, 15, 15}));
}

TEST(Norm, AnyPowerHasAGradientAtZero) {
  // As torch.linalg.vector_norm.
  const auto gradient = [](std::initializer_list<double> values, double p) {
    Tensor x = tensor<double>(values, {static_cast<int64_t>(values.size())});
    x.set_requires_grad();
    backward(norm(x, p));
    return x.grad().to_vector<double>();
  };
  for (const double p : {3.0, 1.5, 0.5, -1.0, 0.0}) {
    EXPECT_EQ(gradient({0, 0}, p), (std::vector<double>{0, 0})) << p;
  }
  const auto half = gradient({3, 0, 4}, 0.5);
  EXPECT_NEAR(half[0], (std::sqrt(3) + 2) / std::sqrt(3) / 1, 1e-12);
  EXPECT_EQ(half[1], 0);
}

TEST(Norm, OfTheSmallestPassesNothingToNan) {
  // As torch.linalg.vector_norm, whose sign of NaN is 0.
  Tensor x = tensor<float>({1, kNan, -3}).set_requires_grad();
  const Tensor y = norm(x, -kInf);
  EXPECT_TRUE(std::isnan(y.item<float>()));
  backward(y);
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{0, 0, 0}));
  Tensor ties = tensor<float>({-2, 2, 5, 4}, {2, 2}).set_requires_grad();
  backward(sum(norm(ties, -kInf, 1)));
  EXPECT_EQ(ties.grad().to_vector<float>(), (std::vector<float>{-0.5F, 0.5F, 0, 1}));
}

TEST(Norm, OfNothingHasNoSmallest) {
  for (const double p : {-kInf, -2.0F}) {
    EXPECT_EQ(testing::message<IndexError>([&] {
                norm(zeros({0, 3}), p, 0);
              }),
              "[norm] f32[0, 3] has no element along the reduced axes");
    EXPECT_EQ(norm(zeros({0, 3}), p, 1).shape(), (Shape{0}));
  }
}

TEST(Norm, OfF16LeavesItsRangeInTheResultOnly) {
  const Tensor x = cast(tensor<float>({300, 400, 500}, {3}), DType::f16);
  EXPECT_EQ(cast(norm(slice(x, 0, 0, 2)), DType::f32).item<float>(), 500);
  EXPECT_EQ(cast(norm(x, 3), DType::f32).item<float>(), 600);
}

TEST(Cumsum, OfManyKeepsItsDigits) {
  const int64_t n = 1 << 20;
  const auto sums = cumsum(full({n}, 0.1), 0).to_vector<float>();
  const auto column = cumsum(full({n, 1}, 0.1), 0).to_vector<float>();
  EXPECT_NEAR(sums.back(), 0.1f * static_cast<double>(n), 0.01);
  EXPECT_EQ(column, sums);
}

TEST(Nansum, LeavesNanOut) {
  const Tensor x = tensor<float>({1, kNan, 3, kNan, kNan, kNan}, {2, 3});
  EXPECT_EQ(nansum(x, {1}).to_vector<float>(), (std::vector<float>{4, 0}));
  const auto means = nanmean(x, {1}).to_vector<float>();
  EXPECT_EQ(means[0], 2);
  EXPECT_TRUE(std::isnan(means[1]));
  EXPECT_EQ(nansum(tensor<int32_t>({1, 2})).dtype(), DType::i64);
  EXPECT_THROW(nanmean(tensor<int32_t>({1, 2})), DTypeError);
  EXPECT_EQ(cast(nanmean(full({4}, 60000, DType::f16)), DType::f64).item<double>(), 60000);
  EXPECT_EQ(describe(nanmean(x, {0}, true)), "f32[1, 3]");
}

TEST(LogCumsumExp, InfinitiesAndFarNumbers) {
  const Tensor x = tensor<float>({-kInf, -1000, -1000, 0, 1000, kInf, 5, kNan, 1});
  const auto y = logcumsumexp(x, 0).to_vector<float>();
  EXPECT_EQ(y[0], -kInf);
  EXPECT_EQ(y[1], -1000);
  EXPECT_FLOAT_EQ(y[2], -1000 + std::log(2.0F));
  EXPECT_EQ(y[3], 0);
  EXPECT_EQ(y[4], 1000);
  EXPECT_EQ(y[5], kInf);
  EXPECT_EQ(y[6], kInf);
  EXPECT_TRUE(std::isnan(y[7]) && std::isnan(y[8]));
  EXPECT_EQ(logcumsumexp(scalar(3.0F), 0).item<float>(), 3);
  EXPECT_EQ(logcumsumexp(zeros({2, 0}), 1).shape(), (Shape{2, 0}));
  EXPECT_THROW(logcumsumexp(zeros({2}, DType::i64), 0), DTypeError);
  EXPECT_THROW(logcumsumexp(zeros({2}), 1), IndexError);
}

TEST(Diff, OfIntegersAndBools) {
  const Tensor x = tensor<int64_t>({1, 4, 9, 16});
  EXPECT_EQ(diff(x).to_vector<int64_t>(), (std::vector<int64_t>{3, 5, 7}));
  EXPECT_EQ(diff(x, 2).to_vector<int64_t>(), (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(diff(x, 9).shape(), (Shape{0}));
  EXPECT_EQ(diff(x, 0).to_vector<int64_t>(), x.to_vector<int64_t>());
  const Tensor bits = cast(tensor<int64_t>({1, 0, 0, 1}), DType::boolean);
  EXPECT_EQ(diff(bits).to_vector<int64_t>(), (std::vector<int64_t>{1, 0, 1}));
  EXPECT_EQ(diff(bits, 2).dtype(), DType::boolean);
  EXPECT_THROW(diff(scalar(1.0F)), ShapeError);
  EXPECT_THROW(diff(x, -1), ValueError);
}

}  // namespace
}  // namespace strata
