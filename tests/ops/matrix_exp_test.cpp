#include "strata/ops/matrix_exp.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::largest_difference;

TEST(MatrixExp, OfDiagonalsAndTurns) {
  const Tensor diagonal = matrix_exp(tensor({{-40.0, 0.0}, {0.0, 30.0}}));
  EXPECT_NEAR(diagonal.to_vector<double>()[0] / std::exp(-40.0), 1, 1e-12);
  EXPECT_NEAR(diagonal.to_vector<double>()[3] / std::exp(30.0), 1, 1e-12);
  const Tensor turn = matrix_exp(tensor({{0.0, -100.0}, {100.0, 0.0}}));
  EXPECT_LE(largest_difference(turn.to_vector<double>(), {std::cos(100.0), -std::sin(100.0),
                                                          std::sin(100.0), std::cos(100.0)}),
            1e-12);
  EXPECT_EQ(matrix_exp(zeros({2, 2})).to_vector<double>(), (std::vector<double>{1, 0, 0, 1}));
  EXPECT_EQ(describe(matrix_exp(zeros({3, 0, 0}))), "f32[3, 0, 0]");
  EXPECT_EQ(describe(matrix_exp(zeros({0, 3, 3}, DType::f64))), "f64[0, 3, 3]");
}

TEST(MatrixExp, DoesNotDependOnTheOthersOfABatch) {
  Generator g(1);
  const Tensor a = randn({3, 3}, 0, 1, DType::f64, kCpu, g);
  const Tensor huge = full({3, 3}, 1e5, DType::f64), nan = full({3, 3}, NAN, DType::f64);
  const Tensor y = matrix_exp(stack({a, huge, nan}));
  EXPECT_EQ(largest_difference(select(y, 0, 0), matrix_exp(a)), 0);
  EXPECT_TRUE(std::isnan(select(y, 0, 2).to_vector<double>()[4]));
}

TEST(MatrixExp, LargeGradientsStayExact) {
  // exp(t) of a number t has the gradient exp(t) dy, whatever the size of dy.
  for (const double dy : {1e-200, 1.0, 1e12, 1e200}) {
    Tensor a = tensor({{0.5, 0.0}, {0.0, -0.25}}).set_requires_grad();
    backward(sum(matrix_exp(a) * eye(2, DType::f64)) * dy);
    const std::vector<double> got = a.grad().to_vector<double>();
    EXPECT_NEAR(got[0] / dy, std::exp(0.5), 1e-14) << dy;
    EXPECT_NEAR(got[3] / dy, std::exp(-0.25), 1e-14) << dy;
  }
}

TEST(MatrixExp, RefusesOtherShapesAndDtypes) {
  EXPECT_EQ(testing::message<ShapeError>([] {
              matrix_exp(ones({2, 3}));
            }),
            "[matrix_exp] takes square matrices, got f32[2, 3]");
  EXPECT_THROW(matrix_exp(ones({2, 2}, DType::bf16)), DTypeError);
  EXPECT_THROW(matrix_exp(ones({2})), ShapeError);
}

}  // namespace
}  // namespace strata
