#include "strata/nn/layers/embedding.h"

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/reduce.h"
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

TEST(Embedding, SaysWhatIsWrong) {
  using strata::testing::message;
  EXPECT_EQ(message<ValueError>([] { Embedding table({.count = 3}); }),
            "[Embedding] the config leaves out .width");
  EXPECT_EQ(
      message<ValueError>([] { Embedding table({.count = 3, .width = 1, .padding_idx = 3}); }),
      "[Embedding] .padding_idx 3 is outside of a table of 3 rows");
  Embedding table({.count = 3, .width = 1});
  EXPECT_THROW(table(tensor<int64_t>({3}, {1})), IndexError);
}

}  // namespace
}  // namespace strata::nn
