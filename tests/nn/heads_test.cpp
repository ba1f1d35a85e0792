#include "strata/nn/heads.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/qkv_projection.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

using testing::message;

TEST(Heads, AreSplitAndMerged) {
  const Tensor x = randn({2, 3, 8}), heads = split_heads(x, 4);
  EXPECT_EQ(heads.shape(), (Shape{2, 4, 3, 2}));
  EXPECT_TRUE(heads.shares_storage(x));
  EXPECT_EQ(merge_heads(heads).to_vector<float>(), x.to_vector<float>());
}

TEST(Heads, SayWhatIsWrong) {
  const Tensor x = zeros({2, 3, 8});
  EXPECT_EQ(message<ShapeError>([&] { split_heads(x, 3); }),
            "[split_heads] takes [N, T, heads * D] with 3 heads, got f32[2, 3, 8]");
  for (const int64_t none : {0, -1, -4}) EXPECT_THROW(split_heads(x, none), ShapeError) << none;
  EXPECT_THROW(split_heads(zeros({3, 8}), 4), ShapeError);
  EXPECT_THROW(merge_heads(x), ShapeError);
}

TEST(QkvProjection, RefusesAWidthWhoseTripleIsNoNumber) {
  constexpr int64_t kHuge = 6'148'914'691'236'517'206;  // the triple would be 2
  EXPECT_EQ(message<ShapeError>([] { QkvProjection layer({.width = kHuge}); }),
            "[QkvProjection] shape [3, 6148914691236517206] has too many elements");
}

}  // namespace
}  // namespace strata::nn
