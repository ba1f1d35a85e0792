#include "strata/ops/scans.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(Scans, ProductsOfIntegersEmptyAxesAndScalars) {
  EXPECT_EQ(describe(prod(tensor<int32_t>({2, 3}))), "i64[]");
  EXPECT_EQ(prod(tensor<int32_t>({2, 3})).item<int64_t>(), 6);
  EXPECT_EQ(prod(zeros({2, 0}), {1}).to_vector<float>(), (std::vector<float>{1, 1}));
  EXPECT_EQ(prod(zeros({0, 2}), {1}).numel(), 0);
  EXPECT_EQ(prod(scalar(3.0f)).item<float>(), 3);
  EXPECT_EQ(cumprod(scalar(3.0f), 0).item<float>(), 3);
  EXPECT_EQ(cumprod(tensor<int64_t>({2, 3, -1}), 0).to_vector<int64_t>(),
            (std::vector<int64_t>{2, 6, -6}));
  EXPECT_EQ(prod(tensor<bool>({true, true})).item<int64_t>(), 1);
}

TEST(Scans, AProductHasTheGradientOfItsOnlyZero) {
  Tensor x = tensor<float>({2, 0, 5}).set_requires_grad();
  backward(prod(x));
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{0, 10, 0}));
}

TEST(Scans, ExtremesTakeTheLastOfEqualOnesAndKeepNan) {
  const Extremes e = cummax(tensor<float>({1, 1, 3, 2, NAN, 9}), 0);
  EXPECT_EQ(e.indices.to_vector<int64_t>(), (std::vector<int64_t>{0, 1, 2, 2, 4, 4}));
  EXPECT_TRUE(std::isnan(e.values.to_vector<float>()[5]));
  EXPECT_EQ(cummin(tensor<int64_t>({3, 4, 3, 1}), 0).indices.to_vector<int64_t>(),
            (std::vector<int64_t>{0, 0, 2, 3}));
}

TEST(Scans, ARecurrenceRunsEitherWay) {
  const Tensor factor = tensor<float>({9, 2, 3}), x = tensor<float>({1, 10, 100});
  EXPECT_EQ(linear_recurrence(factor, x, 0).to_vector<float>(), (std::vector<float>{1, 12, 136}));
  EXPECT_EQ(linear_recurrence(factor, x, 0, true).to_vector<float>(),
            (std::vector<float>{1 + 9 * 210, 210, 100}));
  EXPECT_EQ(message<ShapeError>([&] { linear_recurrence(factor, ones({2}), 0); }),
            "[linear_recurrence] factor f32[3] does not have the shape of x f32[2]");
}

TEST(Stddev, OfEqualElementsHasNoGradient) {
  Tensor x = ones({3}).set_requires_grad();
  backward(stddev(x));
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{0, 0, 0}));
  EXPECT_TRUE(std::isnan(stddev(ones({1})).item<float>()));
}

TEST(Prod, OfNothingHasAGradient) {
  Tensor x = empty({2, 0});
  x.set_requires_grad();
  const Tensor y = prod(x, {1});
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{1, 1}));
  backward(sum(y));
  EXPECT_EQ(x.grad().shape(), (Shape{2, 0}));
  EXPECT_EQ(prod(empty({0}, DType::i32)).item<int64_t>(), 1);
}

TEST(LinearRecurrence, OfManyKeepsItsDigits) {
  const int64_t n = 1 << 20;
  const Tensor y = linear_recurrence(ones({n}), full({n}, 0.1), 0);
  EXPECT_NEAR(y.to_vector<float>().back(), 0.1f * static_cast<double>(n), 0.01);
}

}  // namespace
}  // namespace strata
