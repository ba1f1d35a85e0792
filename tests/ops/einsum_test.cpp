#include "strata/ops/einsum.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
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

TEST(Einsum, ALetterThreeTimes) {
  const Tensor x = reshape(arange(0, 8), {2, 2, 2});
  EXPECT_EQ(einsum("iii->i", {x}).to_vector<float>(), (std::vector<float>{0, 7}));
  EXPECT_EQ(einsum("iii->", {x}).item<float>(), 7);
  const Tensor y = reshape(arange(0, 24), {2, 3, 2, 2});
  EXPECT_EQ(einsum("ijii->ji", {y}).to_vector<float>(), (std::vector<float>{0, 15, 4, 19, 8, 23}));
}

}  // namespace
}  // namespace strata
