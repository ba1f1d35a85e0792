#include "strata/ops/pseudo_inverse.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/matmul.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::largest_difference;
using testing::message;
using Values = std::vector<double>;

Tensor normal(const Shape& shape, DType dtype, uint64_t seed = 1) {
  Generator g(seed);
  return randn(shape, 0, 1, dtype, kCpu, g);
}

TEST(Pinv, HoldsTheFourConditions) {
  for (const DType t : {DType::f32, DType::f64}) {
    const double bound = t == DType::f32 ? 1e-4 : 1e-12;
    const Tensor deficient = matmul(normal({2, 6, 2}, t), normal({2, 5}, t, 2));
    for (const Tensor& a : {normal({17, 17}, t), normal({2, 5, 3}, t), normal({3, 7}, t), deficient,
                            zeros({2, 3}, t)}) {
      const Tensor x = pinv(a), ax = matmul(a, x), xa = matmul(x, a);
      const double scale = 1 + testing::largest_value(x);
      EXPECT_LE(largest_difference(matmul(ax, a), a), bound * scale) << describe(a);
      EXPECT_LE(largest_difference(matmul(xa, x), x), bound * scale * scale) << describe(a);
      EXPECT_LE(largest_difference(ax, transpose(ax, -1, -2)), bound * scale) << describe(a);
      EXPECT_LE(largest_difference(xa, transpose(xa, -1, -2)), bound * scale) << describe(a);
    }
  }
  EXPECT_EQ(describe(pinv(zeros({2, 0, 3}))), "f32[2, 3, 0]");
  EXPECT_EQ(describe(pinv(zeros({2, 4, 3}, DType::f64, kMeta))), "f64[2, 3, 4]");
  EXPECT_EQ(message<NumericError>([] {
              pinv(full({2, 2}, NAN));
            }),
            "[svd] the matrix f32[2, 2] has NaN or infinity in it");
}

TEST(MatrixRank, CountsByTolerance) {
  const Tensor two = tensor({{1.0, 0.0}, {0.0, 1e-3}});
  EXPECT_EQ(matrix_rank(two).item<int64_t>(), 2);
  EXPECT_EQ(matrix_rank(two, {.rtol = 1e-2}).item<int64_t>(), 1);
  EXPECT_EQ(matrix_rank(two, {.atol = 1e-2}).item<int64_t>(), 1);
  EXPECT_EQ(matrix_rank(two, {.atol = 2}).item<int64_t>(), 0);
  // With an absolute tolerance there is none by default that is relative.
  EXPECT_EQ(matrix_rank(tensor({{1.0, 0.0}, {0.0, 1e-18}}), {.atol = 1e-20}).item<int64_t>(), 2);
  EXPECT_EQ(matrix_rank(zeros({2, 0, 3})).to_vector<double>(), (Values{0, 0}));
  EXPECT_EQ(describe(matrix_rank(zeros({4, 2, 3}))), "i64[4]");
  EXPECT_EQ(message<ValueError>([&] { matrix_rank(two, {.rtol = -1}); }),
            "[matrix_rank] tolerances are not negative, got atol 0 and rtol -1");
  EXPECT_THROW(matrix_rank(two, {.atol = NAN}), ValueError);
  EXPECT_THROW(matrix_rank(ones({2})), ShapeError);
  EXPECT_THROW(matrix_rank(ones({2, 2}, DType::bf16)), DTypeError);
}

TEST(Lstsq, GivesTheShortestSolution) {
  const Tensor a = tensor({{1.0, 1.0}, {1.0, 1.0}, {0.0, 0.0}});
  const LeastSquares y = lstsq(a, tensor<double>({1, 3, 7}));
  EXPECT_LE(largest_difference(y.solution.to_vector<double>(), {1, 1}), 1e-15);
  EXPECT_EQ(y.rank.item<int64_t>(), 1);
  EXPECT_LE(largest_difference(y.singular_values.to_vector<double>(), {2, 0}), 1e-15);
  const Tensor tall = normal({3, 1, 9, 4}, DType::f64), b = normal({2, 9, 5}, DType::f64, 2);
  const Tensor x = lstsq(tall, b).solution;
  EXPECT_EQ(describe(x), "f64[3, 2, 4, 5]");
  // What is left over is orthogonal to the columns.
  EXPECT_LE(testing::largest_value(matmul(transpose(tall, -1, -2), b - matmul(tall, x))), 1e-13);
  EXPECT_EQ(describe(lstsq(zeros({2, 3, 4}), zeros({2, 3})).solution), "f32[2, 4]");
  EXPECT_EQ(lstsq(zeros({0, 2}), zeros({0, 3})).solution.to_vector<double>(), Values(6, 0));
}

TEST(Lstsq, NamesWhatDoesNotFit) {
  EXPECT_EQ(message<ShapeError>([] {
              lstsq(ones({3, 2}), ones({2, 1}));
            }),
            "[lstsq] b f32[2, 1] does not fit a f32[3, 2]");
  EXPECT_EQ(message<DTypeError>([] {
              lstsq(ones({3, 2}), ones({3, 1}, DType::f64));
            }),
            "[lstsq] the dtypes differ: f32[3, 2] and f64[3, 1]");
  EXPECT_THROW(lstsq(ones({3}), ones({3})), ShapeError);
  EXPECT_THROW(lstsq(ones({2, 3, 2}), ones({3, 3, 1})), ShapeError);
  EXPECT_THROW(lstsq(ones({3, 2}), scalar(1.0F)), ShapeError);
}

}  // namespace
}  // namespace strata
