#include "strata/ops/bitwise.h"

#include <cstdint>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;
using Integers = std::vector<int64_t>;

Integers values(const Tensor& x) { return x.to_vector<int64_t>(); }

TEST(Bitwise, DTypesAndNumbersAsInPyTorch) {
  const Tensor mask = tensor<bool>({true, false}), bytes = tensor<uint8_t>({200, 3});
  EXPECT_EQ(describe(mask & true), "bool[2]");
  EXPECT_EQ(describe(mask & 1), "i64[2]");
  EXPECT_EQ(describe(mask | bytes), "u8[2]");
  EXPECT_EQ(values(mask | bytes), (Integers{201, 3}));
  EXPECT_EQ(describe(bytes & 300), "u8[2]");
  EXPECT_EQ(values(bytes & 300), (Integers{8, 0}));
  EXPECT_EQ(values(bytes & scalar<int64_t>(-1)), (Integers{200, 3}));
  EXPECT_EQ(values(1 ^ bytes), (Integers{201, 2}));
  EXPECT_EQ(describe(bytes ^ tensor<int32_t>({1, -1})), "i32[2]");
  EXPECT_EQ(values(bytes ^ tensor<int32_t>({1, -1})), (Integers{201, -4}));
  EXPECT_EQ(values(~bytes), (Integers{55, 252}));
  EXPECT_EQ(values(~tensor<int32_t>({5, -3})), (Integers{-6, 2}));
  EXPECT_EQ(values(~mask), (Integers{0, 1}));
  EXPECT_EQ(describe(~mask), "bool[2]");
}

TEST(Bitwise, ShiftsByMoreThanThereIs) {
  const Tensor x = tensor<int64_t>({5, -3}), bytes = tensor<uint8_t>({200, 3}),
               small = tensor<int8_t>({100, -100});
  for (const int64_t by : {64, 70, -1}) {
    EXPECT_EQ(values(x << by), (Integers{0, 0})) << by;
    EXPECT_EQ(values(x >> by), (Integers{0, -1})) << by;
  }
  EXPECT_EQ(values(x << 62), (Integers{int64_t{1} << 62, int64_t{1} << 62}));
  EXPECT_EQ(values(x >> 1), (Integers{2, -2}));
  EXPECT_EQ(values(bytes << 1), (Integers{144, 6}));
  EXPECT_EQ(values(bytes << 8), (Integers{0, 0}));
  EXPECT_EQ(values(bytes >> 7), (Integers{1, 0}));
  EXPECT_EQ(values(bytes >> 8), (Integers{0, 0}));
  EXPECT_EQ(values(small << 1), (Integers{-56, 56}));
  EXPECT_EQ(values(small >> 7), (Integers{0, -1}));
  EXPECT_EQ(values(small >> 8), (Integers{0, -1}));
  // What is converted to the result's dtype wraps around before it counts.
  EXPECT_EQ(values(bytes << 258), (Integers{32, 12}));
  EXPECT_EQ(values(scalar<int64_t>(300) >> bytes), (Integers{0, 5}));
  EXPECT_EQ(values(1 << tensor<int64_t>({3, 2})), (Integers{8, 4}));
  const Tensor mask = tensor<bool>({true, false});
  EXPECT_EQ(values(mask << 1), (Integers{2, 0}));
  EXPECT_EQ(describe(mask << 1), "i64[2]");
}

template <class T>
Integers reference(const Tensor& a, const Tensor& b, T op) {
  const Integers x = values(a), y = values(b);
  Integers out;
  for (size_t i = 0; i < x.size(); ++i) out.push_back(op(x[i], y[i]));
  return out;
}

TEST(Bitwise, EveryDTypeSizeAndLayout) {
  testing::on_each_instruction_set([] {
    for (const DType dtype : {DType::boolean, DType::u8, DType::i8, DType::i32, DType::i64}) {
      for (const int64_t n : {0, 1, 3, 17, 64, 1000}) {
        const Tensor x = cast(randint(-1, 100, {3, n}), dtype);
        const Tensor y = cast(randint(-1, 3, {3, n}), dtype);
        for (const bool turned : {false, true}) {
          const Tensor a = turned ? transpose(x, 0, 1) : x, b = turned ? transpose(y, 0, 1) : y;
          EXPECT_EQ(values(a & b), reference(a, b, std::bit_and()));
          EXPECT_EQ(values(a | b), reference(a, b, std::bit_or()));
          EXPECT_EQ(values(a ^ b), reference(a, b, std::bit_xor()));
          EXPECT_EQ(values(~a ^ a), values(~(a ^ a)));
          EXPECT_EQ((a & b).dtype(), dtype);
        }
      }
    }
  });
}

TEST(Bitwise, MasksOfComparisons) {
  const Tensor x = arange(0, 6, 1, DType::f32);
  EXPECT_EQ(values((x > 1) & (x < 4)), (Integers{0, 0, 1, 1, 0, 0}));
  EXPECT_EQ(values(~((x > 1) & (x < 4)) | (x == 2)), (Integers{1, 1, 1, 0, 1, 1}));
  EXPECT_EQ((tensor<bool>({true}) & zeros({3, 1}, DType::boolean)).shape(), (Shape{3, 1}));
  EXPECT_EQ(describe((x > 1) ^ empty({2, 6}, DType::i32)), "i32[2, 6]");
  const Tensor meta = empty({2, 6}, DType::boolean, kMeta);
  EXPECT_EQ(describe(~meta | (meta << 1)), "i64[2, 6]");
}

TEST(Bitwise, StreamsStillPrint) {
  std::stringstream out;
  out << tensor<int64_t>({1, 2}) << 1;
  EXPECT_EQ(out.str(), to_string(tensor<int64_t>({1, 2})) + "1");
}

TEST(Bitwise, Errors) {
  const Tensor x = zeros({2}), mask = x > 0, n = zeros({2}, DType::i64);
  EXPECT_EQ(message<DTypeError>([&] { x & 1; }),
            "[bitwise_and] takes integers and bools, got f32[2]");
  EXPECT_EQ(message<DTypeError>([&] { n | 1.5; }),
            "[bitwise_or] takes integers and bools, got the floating number 1.5");
  EXPECT_EQ(message<DTypeError>([&] { ~x; }), "[bitwise_not] takes integers and bools, got f32[2]");
  EXPECT_THROW(n ^ x, DTypeError);
  EXPECT_THROW(n << 1.0, DTypeError);
  EXPECT_EQ(message<DTypeError>([&] { mask << mask; }),
            "[bitwise_left_shift] takes integers, got bools");
  EXPECT_THROW(mask >> true, DTypeError);
  EXPECT_THROW(n & zeros({3}, DType::i64), ShapeError);
  EXPECT_THROW(bitwise_and(1, 2), ValueError);
}

}  // namespace
}  // namespace strata
