#include "strata/ops/embedding_bag.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

Tensor numbers(std::vector<int64_t> values) {
  const auto n = static_cast<int64_t>(values.size());
  return tensor(values, {n});
}

TEST(EmbeddingBag, EmptyBagsAreZero) {
  const Tensor table = ones({4, 2});
  for (const BagMode mode : {BagMode::sum, BagMode::mean, BagMode::max}) {
    const EmbeddingBagOptions options{.mode = mode}, padded{.mode = mode, .padding_idx = 1};
    EXPECT_EQ(embedding_bag(table, numbers({}), numbers({0, 0}), options).to_vector<float>(),
              std::vector<float>(4, 0));
    EXPECT_EQ(embedding_bag(table, numbers({}), numbers({}), options).shape(), (Shape{0, 2}));
    EXPECT_EQ(embedding_bag(table, zeros({3, 0}, DType::i32), {}, options).to_vector<float>(),
              std::vector<float>(6, 0));
    EXPECT_EQ(embedding_bag(table, zeros({0, 3}, DType::i32), {}, options).shape(), (Shape{0, 2}));
    EXPECT_EQ(embedding_bag(table, numbers({1, 1, 0}), numbers({0, 2}), padded).to_vector<float>(),
              (std::vector<float>{0, 0, 1, 1}));
    const EmbeddingBagOptions last{.mode = mode, .include_last_offset = true};
    EXPECT_EQ(embedding_bag(table, numbers({}), numbers({0}), last).shape(), (Shape{0, 2}));
  }
}

TEST(EmbeddingBag, TheFirstOfEqualMaximaGetsTheGradient) {
  Tensor table = tensor<float>({1, 5, 1, 2, 0, 5}, {3, 2}).set_requires_grad();
  const Tensor y =
      embedding_bag(table, numbers({2, 1, 0, 1}), numbers({0}), {.mode = BagMode::max});
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{1, 5}));
  backward(sum(y));
  EXPECT_EQ(table.grad().to_vector<float>(), (std::vector<float>{0, 0, 1, 0, 0, 1}));
}

TEST(EmbeddingBag, NaNWinsAndStaysInItsBag) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = INFINITY;
  const Tensor table = tensor<float>({nan, 1, inf, -inf}, {4, 1});
  const Tensor y =
      embedding_bag(table, numbers({1, 0, 2, 2, 1, 3}), numbers({0, 3, 5}), {.mode = BagMode::max});
  const auto values = y.to_vector<float>();
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[1], inf);
  EXPECT_EQ(values[2], -inf);
}

TEST(EmbeddingBag, HalfTypesAreSummedInF32) {
  // 256 and ones: each alone is lost in bf16.
  Tensor table = cast(tensor<float>({256, 1}, {2, 1}), DType::bf16);
  std::vector<int64_t> index(65, 1);
  index[0] = 0;
  const Tensor y = embedding_bag(table, numbers(index), numbers({0}), {.mode = BagMode::sum});
  EXPECT_EQ(y.dtype(), DType::bf16);
  EXPECT_EQ(y.item<float>(), 320);
}

TEST(EmbeddingBag, SaysWhatIsWrong) {
  const Tensor table = ones({4, 2}), three = numbers({0, 1, 2});
  const auto shape = [&](const Tensor& index, const Tensor& offsets,
                         const EmbeddingBagOptions& options = {}) {
    return message<ShapeError>([&] { embedding_bag(table, index, offsets, options); });
  };
  const auto value = [&](const Tensor& offsets, const EmbeddingBagOptions& options = {}) {
    return message<ValueError>([&] { embedding_bag(table, three, offsets, options); });
  };
  const std::string hint = "\n  hint: an index [n] needs them, in [bags, n] each row is a bag";
  EXPECT_EQ(shape(three, {}), "[embedding_bag] offsets are undefined for index i64[3]" + hint);
  EXPECT_EQ(shape(reshape(three, {1, 3}), numbers({0})),
            "[embedding_bag] offsets are i64[1] for index i64[1, 3]" + hint);
  EXPECT_EQ(shape(scalar<int64_t>(1), {}),
            "[embedding_bag] an index is [n] or [bags, n], got i64[]");
  EXPECT_EQ(shape(three, zeros({2, 1})), "[embedding_bag] offsets are [bags], got f32[2, 1]");
  EXPECT_EQ(message<DTypeError>([&] { embedding_bag(table, three, zeros({2})); }),
            "[embedding_bag] offsets are integers, got f32[2]");
  EXPECT_EQ(shape(three, numbers({}), {.include_last_offset = true}),
            "[embedding_bag] with include_last_offset there is at least one offset, got i64[0]");
  EXPECT_EQ(shape(three, numbers({0}), {.mode = BagMode::sum, .per_sample_weights = ones({2})}),
            "[embedding_bag] per_sample_weights f32[2] do not fit index i64[3]");
  EXPECT_EQ(value(numbers({1, 2})), "[embedding_bag] offsets must rise from 0 to 3, number 0 is 1");
  EXPECT_EQ(value(numbers({0, 2, 1})),
            "[embedding_bag] offsets must rise from 0 to 3, number 2 is 1");
  EXPECT_EQ(value(numbers({0, 4})), "[embedding_bag] offsets must rise from 0 to 3, number 1 is 4");
  EXPECT_EQ(value(numbers({0, 2}), {.include_last_offset = true}),
            "[embedding_bag] offsets must rise from 0 to 3, which is the last, number 1 is 2");
  EXPECT_EQ(value(numbers({0}), {.per_sample_weights = ones({3})}),
            "[embedding_bag] per_sample_weights go with the mode sum alone");
  EXPECT_THROW(embedding_bag(table, three, numbers({0}), {.padding_idx = 4}), ValueError);
  EXPECT_THROW(embedding_bag(table, numbers({4}), numbers({0})), IndexError);
  EXPECT_THROW(embedding_bag(zeros({4, 2}, DType::i64), three, numbers({0})), DTypeError);
  EXPECT_THROW(embedding_bag(table, three, numbers({0}),
                             {.mode = BagMode::sum, .per_sample_weights = ones({3}, DType::f64)}),
               DTypeError);
}

}  // namespace
}  // namespace strata
