#include "strata/ops/products.h"

#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/kernels/work_log.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

TEST(Products, OfIntegersAndScalars) {
  const Tensor x = tensor<int32_t>({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(trace(x).item<int64_t>(), 6);
  EXPECT_EQ(trace(x).dtype(), DType::i64);
  EXPECT_EQ(trace(zeros({0, 3})).item<float>(), 0);
  EXPECT_EQ(kron(tensor<int64_t>({1, 10}), tensor<int64_t>({1, 2, 3})).to_vector<double>(),
            (Values{1, 2, 3, 10, 20, 30}));
  EXPECT_EQ(kron(scalar(2.0F), scalar(3.0F)).item<float>(), 6);
  EXPECT_EQ(kron(scalar(2.0F), zeros({0, 2})).shape(), (Shape{0, 2}));
  EXPECT_EQ(cross(tensor<int64_t>({1, 0, 0}), tensor<int64_t>({0, 1, 0})).to_vector<double>(),
            (Values{0, 0, 1}));
  EXPECT_EQ(tensordot(x, x, {0, 1}, {0, 1}).to_vector<double>(), (Values{91}));
  EXPECT_EQ(tensordot(zeros({2, 0}), zeros({0, 3}), 1).to_vector<double>(), Values(6, 0));
  EXPECT_EQ(tensordot(scalar(2.0F), ones({2}), 0).to_vector<double>(), (Values{2, 2}));
}

TEST(Products, NameWhatDoesNotFit) {
  const Tensor x = zeros({2, 3});
  EXPECT_THROW(trace(zeros({3})), ShapeError);
  EXPECT_EQ(
      testing::message<ShapeError>([&] {
        cross(x, zeros({2, 2}));
      }),
      "[cross] shapes [2, 3] and [2, 2] do not broadcast: sizes 3 and 2 at dimension 1 of the "
      "result\n  hint: sizes must be equal or 1, counted from the last dimension");
  EXPECT_EQ(testing::message<ShapeError>([&] { cross(x, x, 0); }),
            "[cross] axis 0 of f32[2, 3] and of f32[2, 3] must both have size 3");
  EXPECT_EQ(testing::message<ShapeError>([&] { cross(x, zeros({3})); }),
            "[cross] takes two tensors of one rank above 0, got f32[2, 3] and f32[3]\n"
            "  hint: unsqueeze() one of them");
  EXPECT_THROW(cross(scalar(1.0F), scalar(1.0F)), ShapeError);
  EXPECT_THROW(tensordot(x, x, 1), ShapeError);
  EXPECT_THROW(tensordot(x, x, 3), ValueError);
  EXPECT_THROW(tensordot(x, x, {0}, {0, 1}), ValueError);
  EXPECT_THROW(tensordot(x, x, {0, -2}, {0, 1}), ValueError);
  EXPECT_THROW(tensordot(x, x, {2}, {0}), IndexError);
  EXPECT_THROW(tensordot(x, zeros({2, 3}, DType::f64)), DTypeError);
  EXPECT_THROW(kron(zeros({1, 1, 1, 1, 1}), x), ShapeError);
}

TEST(Products, OfChains) {
  // Vectors at both ends give a number, and no order of (1 x 3)(3 x 0)(0 x 2) fails.
  const Tensor row = tensor({1, 2}), a = tensor({{1, 2}, {3, 4}});
  EXPECT_EQ(multi_dot({row, a, row}).item<int32_t>(), 27);
  EXPECT_EQ(describe(multi_dot({row, a})), "i32[2]");
  EXPECT_EQ(describe(multi_dot({a, a, row})), "i32[2]");
  EXPECT_EQ(multi_dot({ones({1, 3}), zeros({3, 0}), zeros({0, 2})}).to_vector<double>(),
            (Values{0, 0}));
  EXPECT_THROW(multi_dot({a}), ValueError);
  EXPECT_THROW(multi_dot({a, row, a}), ShapeError);
  EXPECT_THROW(multi_dot({a, scalar(1)}), ShapeError);
  EXPECT_THROW(multi_dot({a, ones({2, 2})}), DTypeError);
  EXPECT_EQ(testing::message<ShapeError>([&] {
              multi_dot({a, a, zeros({3, 2}, DType::i32)});
            }),
            "[multi_dot] i32[3, 2] does not fit i32[2, 2]");
}

TEST(Products, ChainsTakeTheCheapestOrder) {
  // The example of Cormen et al., "Introduction to algorithms": 15125 multiplications.
  const int64_t sizes[] = {30, 35, 15, 5, 10, 20, 25};
  std::vector<Tensor> factors;
  for (int i = 0; i < 6; ++i) factors.push_back(ones({sizes[i], sizes[i + 1]}));
  kernels::WorkLog log;
  {
    const kernels::WorkLogScope scope(log);
    EXPECT_EQ(multi_dot(factors).to_vector<float>()[0], 35 * 15 * 5 * 10 * 20);
  }
  EXPECT_EQ(log.flops(), 2 * 15125);
}

TEST(Products, PowersOfMatrices) {
  const Tensor a = tensor<int64_t>({{1, 1}, {0, 1}});
  EXPECT_EQ(matrix_power(a, 11).to_vector<double>(), (Values{1, 11, 0, 1}));
  EXPECT_EQ(matrix_power(a, 0).to_vector<double>(), (Values{1, 0, 0, 1}));
  EXPECT_FALSE(matrix_power(a, 1).shares_storage(a));
  EXPECT_EQ(matrix_power(cast(a, DType::f64), -4).to_vector<double>(), (Values{1, -4, 0, 1}));
  EXPECT_EQ(describe(matrix_power(zeros({3, 0, 0}), 2)), "f32[3, 0, 0]");
  EXPECT_THROW(matrix_power(a, -1), DTypeError);
  EXPECT_THROW(matrix_power(zeros({2, 2}), -1), NumericError);
  EXPECT_EQ(testing::message<ShapeError>([] {
              matrix_power(zeros({2, 3}), 2);
            }),
            "[matrix_power] takes square matrices, got f32[2, 3]");
}

}  // namespace
}  // namespace strata
