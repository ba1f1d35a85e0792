#include "strata/ops/arrange.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

TEST(Arrange, TurnsByQuarters) {
  const Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});
  EXPECT_EQ(rot90(x).to_vector<double>(), (Values{3, 6, 2, 5, 1, 4}));
  EXPECT_EQ(rot90(x, -1).to_vector<double>(), (Values{4, 1, 5, 2, 6, 3}));
  EXPECT_EQ(rot90(x, -6, {1, 0}).to_vector<double>(), (Values{6, 5, 4, 3, 2, 1}));
  EXPECT_FALSE(rot90(x, 8).shares_storage(x));
  EXPECT_EQ(describe(rot90(zeros({0, 3, 2}, DType::u8), 1, {0, 2})), "u8[2, 3, 0]");
  EXPECT_THROW(rot90(x, 1, {0, -2}), ValueError);
  EXPECT_THROW(rot90(x, 1, {0}), ValueError);
  EXPECT_THROW(rot90(x, 1, {0, 2}), IndexError);
}

TEST(Arrange, PutsOnDiagonals) {
  EXPECT_EQ(diag_embed(tensor({1, 2}), 1).to_vector<double>(), (Values{0, 1, 0, 0, 0, 2, 0, 0, 0}));
  EXPECT_EQ(describe(diag_embed(ones({2, 0}, DType::boolean), -3)), "bool[2, 3, 3]");
  EXPECT_EQ(describe(diag_embed(zeros({2, 3}), 0, 0, -2)), "f32[3, 3, 2]");
  EXPECT_THROW(diag_embed(scalar(1)), ShapeError);
  EXPECT_THROW(diag_embed(zeros({2}), 0, 1, -1), ValueError);
  EXPECT_THROW(diag_embed(zeros({2}), 0, 2, 1), IndexError);
  EXPECT_EQ(block_diag({tensor({{1, 2}}), scalar(3), tensor({4, 5})}).to_vector<double>(),
            (Values{1, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 4, 5}));
  EXPECT_EQ(describe(block_diag({tensor({{1, 2}}), zeros({0, 3}), zeros({2, 0})})), "f32[3, 5]");
  EXPECT_THROW(block_diag({}), ValueError);
  EXPECT_EQ(testing::message<ShapeError>([] {
              block_diag({zeros({2}), zeros({1, 2, 3})});
            }),
            "[block_diag] takes matrices, got f32[1, 2, 3]");
}

TEST(Arrange, ListsAllWays) {
  EXPECT_EQ(cartesian_prod({tensor({1, 2}), tensor({3, 4})}).to_vector<double>(),
            (Values{1, 3, 1, 4, 2, 3, 2, 4}));
  EXPECT_EQ(describe(cartesian_prod({zeros({2}), zeros({0}), zeros({3})})), "f32[0, 3]");
  EXPECT_THROW(cartesian_prod({}), ValueError);
  EXPECT_THROW(cartesian_prod({zeros({2}), zeros({2, 2})}), ShapeError);
  const Tensor x = tensor({5, 6, 7});
  EXPECT_EQ(combinations(x).to_vector<double>(), (Values{5, 6, 5, 7, 6, 7}));
  EXPECT_EQ(combinations(x, 2, true).to_vector<double>(),
            (Values{5, 5, 5, 6, 5, 7, 6, 6, 6, 7, 7, 7}));
  EXPECT_EQ(combinations(arange(4), 3).to_vector<double>(),
            (Values{0, 1, 2, 0, 1, 3, 0, 2, 3, 1, 2, 3}));
  EXPECT_EQ(describe(combinations(x, 4)), "i32[0, 4]");
  EXPECT_EQ(describe(combinations(x, 1000000000000000)), "i32[0, 1000000000000000]");
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(
      testing::message<ShapeError>([&] { combinations(x, kMost, true); }),
      "[combinations] there are too many ways to take 9223372036854775807 elements of i32[3]");
  EXPECT_EQ(describe(combinations(x, 0)), "i32[0]");
  EXPECT_EQ(describe(combinations(zeros({0}), 2, true)), "f32[0, 2]");
  EXPECT_EQ(describe(combinations(zeros({20}, DType::f32, kMeta), 10)), "f32[184756, 10]");
  EXPECT_EQ(describe(combinations(zeros({20}, DType::f32, kMeta), 5, true)), "f32[42504, 5]");
  EXPECT_THROW(combinations(x, -1), ValueError);
  EXPECT_THROW(combinations(zeros({2, 2})), ShapeError);
  EXPECT_EQ(testing::message<ShapeError>([] { combinations(zeros({1000}), 100); }),
            "[combinations] there are too many ways to take 100 elements of f32[1000]");
}

TEST(Arrange, UnravelsWhatIsInRange) {
  const std::vector<Tensor> at = unravel_index(tensor<uint8_t>({0, 5, 11}), {3, 4});
  EXPECT_EQ(at[0].to_vector<double>(), (Values{0, 1, 2}));
  EXPECT_EQ(at[1].to_vector<double>(), (Values{0, 1, 3}));
  EXPECT_EQ(describe(at[1]), "i64[3]");
  EXPECT_TRUE(unravel_index(scalar(0), {}).empty());
  EXPECT_EQ(describe(unravel_index(zeros({2, 0}, DType::i64), {3, 0})[1]), "i64[2, 0]");
  EXPECT_EQ(testing::message<IndexError>([] {
              unravel_index(tensor({3, 12}), {3, 4});
            }),
            "[unravel_index] 12 at place 1 is outside of [0, 12), the places of [3, 4]");
  EXPECT_THROW(unravel_index(tensor({-1}), {3, 4}), IndexError);
  EXPECT_THROW(unravel_index(tensor({0}), {3, 0}), IndexError);
  EXPECT_THROW(unravel_index(tensor({0.0}), {3}), DTypeError);
  EXPECT_THROW(unravel_index(tensor({0}), {3, -1}), ShapeError);
}

}  // namespace
}  // namespace strata
