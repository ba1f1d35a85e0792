#include "strata/nn/layers/embedding.h"

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

TEST(Embedding, GivesRowsAndGathersTheirGradients) {
  const int64_t before = parameters_made();
  Embedding table({.count = 3, .width = 2});
  EXPECT_EQ(parameters_made() - before, 1);
  ASSERT_EQ(table.parameters().size(), 1u);
  load_state_dict(table, {{"weight", tensor({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}, {3, 2})}});
  const Tensor y = table(tensor<int64_t>({2, 0, 2}, {1, 3}));
  EXPECT_EQ(y.shape(), (Shape{1, 3, 2}));
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{5, 6, 1, 2, 5, 6}));
  backward(sum(y));
  EXPECT_EQ(table.weight.grad().to_vector<float>(), (std::vector<float>{1, 1, 0, 0, 2, 2}));
}

TEST(Embedding, PaddingIsZeroAndStaysSo) {
  Embedding table({.count = 3, .width = 2, .padding_idx = -1});
  const Tensor y = table(tensor<int64_t>({2, 1}, {2}));
  EXPECT_EQ(y.to_vector<float>()[0], 0);
  EXPECT_NE(y.to_vector<float>()[2], 0);
  backward(sum(y));
  EXPECT_EQ(table.weight.grad().to_vector<float>(), (std::vector<float>{0, 0, 1, 1, 0, 0}));
}

TEST(Embedding, TakesATableThatIsThere) {
  const Tensor table = tensor<float>({1, 2, 3, 4}, {2, 2});
  auto frozen = Embedding::from_pretrained(table);
  EXPECT_TRUE(frozen.weight.shares_storage(table));
  EXPECT_FALSE(frozen(tensor<int64_t>({1})).requires_grad());
  EXPECT_EQ(frozen.config().count, 2);
  EXPECT_EQ(state_dict(frozen).size(), 1U);
  auto trained = Embedding::from_pretrained(table, false);
  EXPECT_TRUE(trained.weight.requires_grad());
  EXPECT_FALSE(table.requires_grad());
  EXPECT_EQ(strata::testing::message<ShapeError>([] { Embedding::from_pretrained(ones({3})); }),
            "[Embedding] a table is [count, width], got f32[3]");
  EXPECT_THROW(Embedding::from_pretrained(table, true, 2), ValueError);
}

TEST(Embedding, SaysWhatIsWrong) {
  using strata::testing::message;
  EXPECT_EQ(message<ValueError>([] { Embedding table({.count = 3}); }),
            "[Embedding] .width must be given, at least 1");
  EXPECT_EQ(
      message<ValueError>([] { Embedding table({.count = 3, .width = 1, .padding_idx = 3}); }),
      "[Embedding] .padding_idx 3 is outside of a table of 3 rows");
  Embedding table({.count = 3, .width = 1});
  EXPECT_THROW(table(tensor<int64_t>({3}, {1})), IndexError);
}

TEST(EmbeddingBagLayer, StartsAsPyTorchs) {
  const int64_t before = parameters_made();
  EmbeddingBag bags({.count = 400, .width = 100, .padding_idx = -1});
  EXPECT_EQ(parameters_made() - before, static_cast<int64_t>(bags.parameters().size()));
  EXPECT_NEAR(stddev(bags.weight.detach()).item<double>(), 1, 0.02);
  EXPECT_EQ(sum(abs(bags(tensor<int64_t>({399}, {1, 1})))).item<float>(), 0);
  const auto frozen = EmbeddingBag::from_pretrained(ones({3, 2}), true, {.mode = BagMode::max});
  EXPECT_FALSE(frozen.weight.requires_grad());
  EXPECT_EQ(frozen.config().width, 2);
  EXPECT_EQ(frozen.config().mode, BagMode::max);
}

TEST(EmbeddingBagLayer, SaysWhatIsWrong) {
  using strata::testing::message;
  EXPECT_EQ(message<ValueError>([] { EmbeddingBag bags({.width = 3}); }),
            "[EmbeddingBag] .count must be given, at least 1");
  EXPECT_EQ(
      message<ValueError>([] { EmbeddingBag bags({.count = 3, .width = 1, .padding_idx = 3}); }),
      "[EmbeddingBag] .padding_idx 3 is outside of a table of 3 rows");
  EXPECT_THROW(EmbeddingBag::from_pretrained(ones({3})), ShapeError);
}

}  // namespace
}  // namespace strata::nn
