#include "strata/ops/copy.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

/// Element by element through the strides, to compare the kernel with.
std::vector<int64_t> expected(const Tensor& x) { return x.to_vector<int64_t>(); }

TEST(Copy, EveryOrderOfTheAxes) {
  const std::vector<Shape> shapes = {{3, 5, 7, 2}, {2, 33, 65, 3}, {1, 70, 1, 40}, {4, 16, 16, 9}};
  for (const Shape& shape : shapes) {
    for (const DType dtype : {DType::u8, DType::bf16, DType::f32, DType::i64}) {
      const Tensor x = cast(randint(0, 100, shape), dtype);
      for (const Dims& order : {Dims{0, 1, 2, 3}, Dims{0, 3, 1, 2}, Dims{0, 2, 3, 1},
                                Dims{3, 2, 1, 0}, Dims{1, 0, 3, 2}, Dims{2, 1, 0, 3}}) {
        const Tensor view = permute(x, order), y = copy(view);
        ASSERT_TRUE(y.is_contiguous());
        ASSERT_EQ(y.to_vector<int64_t>(), expected(view)) << to_string(order);
        const Tensor gaps = slice(slice(view, 1, 1, 1000, 2), 3, 1);
        ASSERT_EQ(copy(gaps).to_vector<int64_t>(), expected(gaps)) << to_string(order);
        // Into a strided target too.
        Tensor target = permute(zeros(permute(x, {3, 1, 0, 2}).shape(), dtype), {2, 1, 3, 0});
        copy_(target, x);
        ASSERT_EQ(target.to_vector<int64_t>(), expected(x));
      }
    }
  }
}

TEST(Copy, ConvertsWhileItTransposes) {
  const Tensor x = randint(-50, 50, {37, 41});
  const Tensor y = cast(transpose(x, 0, 1), DType::f32);
  EXPECT_EQ(y.to_vector<int64_t>(), transpose(x, 0, 1).to_vector<int64_t>());
  EXPECT_EQ(cast(tensor<float>({-1.9F, 2.9F}), DType::i32).to_vector<int64_t>(),
            (std::vector<int64_t>{-1, 2}));
  EXPECT_EQ(cast(tensor<float>({0, 0.1F, NAN}), DType::boolean).to_vector<int64_t>(),
            (std::vector<int64_t>{0, 1, 1}));
}

TEST(Copy, ContiguousIsFreeWhereNothingIsToDo) {
  const Tensor x = zeros({2, 3});
  EXPECT_TRUE(contiguous(x).same_as(x));
  EXPECT_FALSE(copy(x).shares_storage(x));
  EXPECT_TRUE(cast(x, DType::f32).same_as(x));
  EXPECT_EQ(copy(zeros({0, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(copy(expand(scalar(2.0F), {3})).to_vector<double>(), (std::vector<double>(3, 2.0)));
}

TEST(Copy, CopyIntoErrors) {
  Tensor x = zeros({2, 3});
  EXPECT_THROW(copy_(x, zeros({2})), ShapeError);
  const uint32_t version = x.version();
  copy_(x, tensor<int64_t>({1, 2, 3}));
  EXPECT_EQ(x.version(), version + 1);
  EXPECT_EQ(x.to_vector<double>(), (std::vector<double>{1, 2, 3, 1, 2, 3}));
}

TEST(Copy, DoesNotWriteWhereSeveralElementsLieInOnePlace) {
  const Tensor x = zeros({1, 3});
  Tensor wide = expand(x, {4, 3});
  const char* what =
      "] several elements of f32[4, 3] lie in one place, along axis 0\n"
      "  hint: write into a copy() of it";
  EXPECT_EQ(testing::message<ShapeError>([&] {
              copy_(wide, ones({4, 3}));
            }),
            std::string("[copy_") + what);
  EXPECT_EQ(testing::message<ShapeError>([&] { fill_(wide, 1); }), std::string("[fill_") + what);
  EXPECT_EQ(x.to_vector<double>(), (std::vector<double>{0, 0, 0}));
  // One element along the axis, or none at all, is no such thing.
  Tensor one = expand(x, {1, 1, 3}), none = expand(slice(x, 1, 0, 0), {4, 0});
  fill_(one, 2);
  fill_(none, 2);
  copy_(none, scalar(2.0F));
  EXPECT_EQ(x.to_vector<double>(), (std::vector<double>{2, 2, 2}));
}

}  // namespace
}  // namespace strata
