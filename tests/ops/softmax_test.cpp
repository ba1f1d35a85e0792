#include "strata/ops/softmax.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"

namespace strata {
namespace {

using testing::relative_difference;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Tensor normal(const Shape& shape, DType dtype = DType::f64, uint64_t seed = 1) {
  Generator g(seed);
  return cast(randn(shape, 0, 2, DType::f32, kCpu, g), dtype);
}

TEST(Softmax, AgreesBetweenDtypesAndAxes) {
  for (const Shape& shape : {Shape{3, 10}, Shape{2, 7, 5}, Shape{1, 3001}, Shape{4, 1}}) {
    const Tensor x = normal(shape);
    for (int axis = 0; axis < x.rank(); ++axis) {
      EXPECT_LE(relative_difference(softmax(cast(x, DType::f32), axis), softmax(x, axis)), 1e-6);
      EXPECT_LE(relative_difference(softmax(cast(x, DType::bf16), axis),
                                    softmax(cast(cast(x, DType::bf16), DType::f64), axis)),
                4e-3);
      EXPECT_LE(relative_difference(log_softmax(cast(x, DType::f32), axis), log_softmax(x, axis)),
                1e-6);
      const Tensor moved = transpose(softmax(transpose(x, axis, -1), -1), axis, -1);
      EXPECT_EQ(moved.to_vector<double>(), softmax(x, axis).to_vector<double>());
    }
  }
}

TEST(Softmax, HasRightGradientsOfBothOrders) {
  for (int axis : {0, 1}) {
    const Tensor xs[] = {normal({4, 5}).set_requires_grad()};
    for (const bool log : {false, true}) {
      const auto f = [&](std::span<const Tensor> in) {
        return std::vector{log ? log_softmax(in[0], axis) : softmax(in[0], axis)};
      };
      const auto first = gradcheck(f, xs), second = gradcheck(f, xs, 2);
      EXPECT_LE(first.error, 1e-8) << first.where;
      EXPECT_LE(second.error, 1e-8) << second.where;
    }
  }
}

TEST(Softmax, TreatsSpecialValuesAsPyTorch) {
  EXPECT_EQ(softmax(tensor<float>({-kInf, 0, 0, -kInf})).to_vector<float>(),
            (std::vector<float>{0, 0.5f, 0.5f, 0}));
  for (const Tensor& x :
       {tensor<float>({kNan, 0}), tensor<float>({kInf, 0}), tensor<float>({-kInf, -kInf})}) {
    for (float v : softmax(x).to_vector<float>()) EXPECT_TRUE(std::isnan(v));
  }
  EXPECT_EQ(softmax(scalar(3.0f)).item<float>(), 1);
  EXPECT_EQ(softmax(zeros({0, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(softmax(tensor<float>({1000, 0})).to_vector<float>(), (std::vector<float>{1, 0}));
  EXPECT_THROW(softmax(zeros({3}, DType::i64)), DTypeError);
  EXPECT_THROW(softmax(zeros({3}), 1), IndexError);
}

}  // namespace
}  // namespace strata
