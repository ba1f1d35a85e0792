#include "strata/ops/joining.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(TensorSplit, UnevenAndClamped) {
  const auto sizes = [](const std::vector<Tensor>& parts) {
    std::vector<int64_t> out;
    for (const Tensor& p : parts) out.push_back(p.size(0));
    return out;
  };
  using Sizes = std::vector<int64_t>;
  const Tensor x = arange(7);
  EXPECT_EQ(sizes(tensor_split(x, 3)), (Sizes{3, 2, 2}));
  EXPECT_EQ(sizes(tensor_split(x, 9)), (Sizes{1, 1, 1, 1, 1, 1, 1, 0, 0}));
  EXPECT_EQ(sizes(tensor_split(x, {2, 5})), (Sizes{2, 3, 2}));
  EXPECT_EQ(sizes(tensor_split(x, {-2, 3, 100})), (Sizes{5, 0, 4, 0}));
  EXPECT_EQ(sizes(tensor_split(x, {4})), (Sizes{4, 3}));
  EXPECT_TRUE(tensor_split(x, {2, 5})[1].shares_storage(x));
  EXPECT_THROW(tensor_split(x, 0), ValueError);
  EXPECT_THROW(tensor_split(scalar(1), 2), ShapeError);
  EXPECT_THROW(tensor_split(scalar(1), {2, 3}), ShapeError);
  EXPECT_THROW(tensor_split(x, 2, 1), IndexError);
}

TEST(Split, SizesWhoseSumOverflows) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const Tensor x = arange(6);
  EXPECT_EQ(
      message<ShapeError>([&] {
        split(x, {kMost, kMost, 8});
      }),
      "[split] sizes [9223372036854775807, 9223372036854775807, 8] do not add up to axis 0 of "
      "i64[6]");
  EXPECT_THROW(split(x, {7, -1}), ShapeError);
  EXPECT_THROW(split(x, {2, 3}), ShapeError);
  EXPECT_EQ(split(x, {0, 6, 0}).size(), 3U);
  EXPECT_EQ(chunk(x, kMost).size(), 6U);
}

TEST(Split, CountsBeyondAnyList) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const Tensor x = arange(6), wide = empty({2, int64_t{1} << 40}, DType::f32, kMeta);
  EXPECT_EQ(message<ValueError>([&] { tensor_split(x, kMost); }),
            "[tensor_split] axis 0 of i64[6] would make 9223372036854775807 pieces, more than "
            "16777216");
  EXPECT_THROW(tensor_split(x, int64_t{1} << 40), ValueError);
  EXPECT_THROW(chunk(zeros({0}), kMost), ValueError);
  EXPECT_THROW(split(wide, 1, 1), ValueError);
  const Tensor odd = empty({(int64_t{1} << 25) + 1}, DType::f32, kMeta);
  EXPECT_THROW(split(odd, 2), ValueError) << "one more for the rest";
  EXPECT_EQ(message<ValueError>([&] { unbind(wide, -1); }),
            "[unbind] axis 1 of f32[2, 1099511627776] would make 1099511627776 pieces, more than "
            "16777216");
  EXPECT_EQ(message<IndexError>([&] { unbind(x, 1); }),
            "[unbind] axis 1 is outside of [-1, 0] for a tensor of rank 1");
  EXPECT_TRUE(unbind(zeros({2, 0}).set_requires_grad(), 1).empty());
  EXPECT_EQ(split(wide, kMost, 1).size(), 1U);
  EXPECT_EQ(chunk(zeros({0}), 3).size(), 3U);
  EXPECT_EQ(chunk(wide, kMost, 0).size(), 2U);
  EXPECT_EQ(message<ShapeError>([] { chunk(scalar(1), 2); }),
            "[chunk] a scalar has no axis to split");
  EXPECT_EQ(message<IndexError>([&] { chunk(x, 2, 1); }),
            "[chunk] axis 1 is outside of [-1, 0] for a tensor of rank 1");
  EXPECT_EQ(tensor_split(x, {kMost, -kMost, kMost}).size(), 4U);
}

}  // namespace
}  // namespace strata
