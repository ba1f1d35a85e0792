#include "strata/ops/einsum.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(Einsum, SaysWhatIsWrongWithAnEquation) {
  const Tensor a = ones({2, 3}), b = ones({4, 5});
  EXPECT_EQ(message<ValueError>([&] { einsum("ij,jk->ik", {a}); }),
            "[einsum] \"ij,jk->ik\": 2 terms for 1 operands");
  EXPECT_EQ(message<ValueError>([&] { einsum("i1->i", {a}); }),
            "[einsum] \"i1->i\": '1' is no letter");
  EXPECT_EQ(message<ValueError>([&] { einsum("ij->ijk", {a}); }),
            "[einsum] \"ij->ijk\": 'k' of the output is in no operand");
  EXPECT_EQ(message<ValueError>([&] { einsum("ij->ii", {a}); }),
            "[einsum] \"ij->ii\": 'i' stands twice in the output");
  EXPECT_EQ(message<ValueError>([&] { einsum("......", {a}); }),
            "[einsum] \"......\": a second \"...\"");
  EXPECT_EQ(message<ShapeError>([&] { einsum("ijk->i", {a}); }),
            "[einsum] \"ijk->i\": the term \"ijk\" does not fit f32[2, 3]");
  EXPECT_EQ(message<ShapeError>([&] {
              einsum("ij,jk", {a, b});
            }),
            "[einsum] the axes 'j' of f32[2, 3] and f32[4, 5] have different sizes");
  EXPECT_EQ(message<ShapeError>([&] { einsum("ii", {a}); }),
            "[einsum] the axes 'i' of f32[2, 3] have different sizes");
}

TEST(Einsum, TakesEmptyAxesAndIntegers) {
  EXPECT_EQ(einsum("ij,jk->ik", {zeros({2, 0}), zeros({0, 3})}).to_vector<float>(),
            std::vector<float>(6));
  EXPECT_EQ(einsum("ii->i", {zeros({0, 0})}).numel(), 0);
  const Tensor v = tensor<int64_t>({1, 2, 3});
  EXPECT_EQ(einsum("i,i", {v, v}).item<int64_t>(), 14);
}

}  // namespace
}  // namespace strata
