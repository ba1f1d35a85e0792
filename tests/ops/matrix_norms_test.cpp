#include "strata/ops/matrix_norms.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

TEST(MatrixNorm, OfEmptyMatrices) {
  const Tensor none = zeros({2, 0, 3});
  for (const double p : {1.0, 2.0, double{INFINITY}}) {
    EXPECT_EQ(matrix_norm(none, p).to_vector<double>(), (Values{0, 0})) << p;
  }
  EXPECT_EQ(matrix_norm(none).to_vector<double>(), (Values{0, 0}));
  EXPECT_EQ(matrix_norm(none, MatrixNorm::nuclear).to_vector<double>(), (Values{0, 0}));
  EXPECT_EQ(describe(matrix_norm(none, 1, {1, 0}, true)), "f32[1, 1, 3]");
  EXPECT_THROW(matrix_norm(none, -2), IndexError);
}

TEST(MatrixNorm, NamesWhatDoesNotFit) {
  const Tensor x = ones({2, 3});
  EXPECT_EQ(testing::message<ValueError>([&] { matrix_norm(x, 3); }),
            "[matrix_norm] p is 1, 2, infinity or one of their negatives, got 3");
  EXPECT_EQ(testing::message<ShapeError>([] { matrix_norm(ones({3})); }),
            "[matrix_norm] takes two axes of matrices, got [-2, -1] of f32[3]");
  EXPECT_THROW(matrix_norm(x, MatrixNorm::frobenius, {0}), ShapeError);
  EXPECT_THROW(matrix_norm(x, MatrixNorm::frobenius, {0, -2}), ValueError);
  EXPECT_THROW(matrix_norm(x, 1, {0, 2}), IndexError);
  EXPECT_THROW(matrix_norm(ones({2, 2}, DType::i64)), DTypeError);
  EXPECT_THROW(matrix_norm(ones({2, 2}, DType::bf16), 2), DTypeError);
  EXPECT_EQ(matrix_norm(ones({2, 2}, DType::bf16), 1).item<float>(), 2);
}

TEST(Cond, OfSingularAndEmptyMatrices) {
  const Tensor a = tensor<double>({1, 0, 0, 4, 1, 2, 2, 4}, {2, 2, 2});
  EXPECT_EQ(cond(a, 1).to_vector<double>(), (Values{4, INFINITY}));
  EXPECT_EQ(cond(a, -INFINITY).to_vector<double>(), (Values{0.25, INFINITY}));
  EXPECT_EQ(cond(zeros({2, 2}), MatrixNorm::nuclear).item<float>(), INFINITY);
  EXPECT_NEAR(cond(a).to_vector<double>()[0], 4, 1e-14);
  EXPECT_GT(cond(a).to_vector<double>()[1], 1e15);
  EXPECT_NEAR(cond(tensor({{2.0, 0.0, 0.0}, {0.0, 3.0, 0.0}}), -2).item<double>(), 2.0 / 3, 1e-15);
  EXPECT_EQ(cond(zeros({3, 0, 0})).to_vector<double>(), (Values{0, 0, 0}));
  EXPECT_EQ(cond(zeros({3, 0, 0}), 1).to_vector<double>(), (Values{0, 0, 0}));
  EXPECT_THROW(cond(zeros({2, 3}), 1), ShapeError);
  EXPECT_THROW(cond(eye(2), 3), ValueError);
}

}  // namespace
}  // namespace strata
