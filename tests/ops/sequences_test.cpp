#include "strata/ops/sequences.h"

#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

TEST(PadSequence, ThereAndBack) {
  const Tensor a = tensor<float>({1, 2, 3}), b = tensor<float>({4}), c = zeros({0});
  const Tensor padded = pad_sequence({a, b, c}, -1);
  EXPECT_EQ(padded.shape(), (Shape{3, 3}));
  EXPECT_EQ(padded.to_vector<double>(), (Values{1, 2, 3, 4, -1, -1, -1, -1, -1}));
  const auto parts = unpad_sequence(padded, tensor<int64_t>({3, 1, 0}));
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].to_vector<double>(), a.to_vector<double>());
  EXPECT_EQ(parts[1].to_vector<double>(), b.to_vector<double>());
  EXPECT_EQ(parts[2].shape(), (Shape{0}));
  EXPECT_TRUE(parts[0].shares_storage(padded));
  EXPECT_EQ(pad_sequence({zeros({0, 2}, DType::i64)}).shape(), (Shape{1, 0, 2}));
  EXPECT_EQ(pad_sequence({cast(a, DType::i32), cast(b, DType::i32)}, 7).to_vector<double>(),
            (Values{1, 2, 3, 4, 7, 7}));

  Tensor x = ones({2, 2});
  x.set_requires_grad();
  const Tensor steps = pad_sequence({ones({3, 2}), x});
  backward(sum(unpad_sequence(steps * steps, tensor<int32_t>({0, 1}))[1]));
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{2, 2, 0, 0}));
}

TEST(PadSequence, NamesWhatDoesNotFit) {
  EXPECT_EQ(testing::message<ShapeError>([] {
              pad_sequence({zeros({2, 3}), zeros({2, 4})});
            }),
            "[pad_sequence] sequences [length, ...] differ in length alone, got f32[2, 3] and "
            "f32[2, 4]");
  EXPECT_THROW(pad_sequence(std::span<const Tensor>()), ValueError);
  EXPECT_THROW(pad_sequence({scalar(1.0F)}), ShapeError);
  EXPECT_THROW(pad_sequence({zeros({2}), zeros({2}, DType::f64)}), DTypeError);
  const Tensor x = zeros({2, 3});
  EXPECT_EQ(testing::message<ValueError>([&] {
              unpad_sequence(x, tensor<int64_t>({1, 4}));
            }),
            "[unpad_sequence] a length is 4, but x is f32[2, 3]");
  EXPECT_THROW(unpad_sequence(x, tensor<int64_t>({1, -1})), ValueError);
  EXPECT_THROW(unpad_sequence(x, tensor<int64_t>({1})), ShapeError);
  EXPECT_THROW(unpad_sequence(x, zeros({2})), DTypeError);
  EXPECT_THROW(unpad_sequence(x, zeros({2}, DType::i64, kMeta)), DeviceError);
}

TEST(SequenceMask, StepsBeforeTheLength) {
  EXPECT_EQ(sequence_mask(tensor<int64_t>({2, 0, 5}), 3).to_vector<double>(),
            (Values{1, 1, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(sequence_mask(zeros({2, 4}, DType::u8), 0).shape(), (Shape{2, 4, 0}));
  EXPECT_THROW(sequence_mask(zeros({2}), 3), DTypeError);
  EXPECT_THROW(sequence_mask(zeros({2}, DType::i64), -1), ValueError);
}

}  // namespace
}  // namespace strata
