#include "strata/ops/products.h"

#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
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

}  // namespace
}  // namespace strata
