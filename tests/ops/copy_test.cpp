#include "strata/ops/copy.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/in_place.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
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

TEST(Copy, RecordedItGivesTheSourceItsGradient) {
  Tensor w = tensor<double>({1, 2, 3}).set_requires_grad();
  Tensor x = zeros({2, 3});
  const float* memory = x.data<float>();
  copy_(x, w * 2);  // broadcast, and converted
  EXPECT_EQ(x.data<float>(), memory);
  backward(sum(x * x));
  EXPECT_EQ(describe(w.grad()), "f64[3]");
  EXPECT_EQ(w.grad().to_vector<double>(), (std::vector<double>{16, 32, 48}));
  // What is written over gets zeros, and the result may be used on.
  Tensor y = w * 3;
  copy_(y, ones({3}));
  y *= w;
  w.set_grad({});
  backward(sum(y));
  EXPECT_EQ(w.grad().to_vector<double>(), (std::vector<double>{1, 1, 1}));
  Tensor z = w * 3;
  fill_(z, 5);
  copy_(z, z);
  w.set_grad({});
  backward(sum(z));
  EXPECT_EQ(z.to_vector<double>(), (std::vector<double>{5, 5, 5}));
  EXPECT_EQ(w.grad().to_vector<double>(), (std::vector<double>{0, 0, 0}));
  // Gradients of gradients, and into integers none.
  Tensor cube = zeros({3}, DType::f64);
  copy_(cube, w * w * w);
  const Tensor first = grad(sum(cube), w, {}, {.create_graph = true});
  EXPECT_EQ(grad(sum(first), w).to_vector<double>(), (std::vector<double>{6, 12, 18}));
  Tensor numbers = zeros({3}, DType::i64);
  copy_(numbers, w * 2);
  EXPECT_FALSE(numbers.requires_grad());
  EXPECT_EQ(numbers.to_vector<double>(), (std::vector<double>{2, 4, 6}));
}

TEST(Copy, RecordedItNeedsMemoryOfItsOwn) {
  Tensor w = ones({3}).set_requires_grad(), x = zeros({2, 3});
  const char* hint =
      " is a view, or other tensors or a recorded op share its memory\n"
      "  hint: x = select_scatter(x, y, 0, 1) records x[1] = y; slice_scatter, index_put, "
      "masked_fill and where write elsewhere; stack(parts) joins what a loop makes. For values "
      "alone: a NoGrad scope, or y.detach()";
  EXPECT_EQ(testing::message<GradError>([&] { copy_(select(x, 0, 1), w); }),
            std::string("[copy_] f32[3]") + hint);
  Tensor twice = w * 2;
  EXPECT_EQ(testing::message<GradError>([&] { fill_(slice(twice, 0, 0, 2), 1); }),
            std::string("[fill_] f32[2]") + hint);
  const Tensor handle = twice;
  EXPECT_THROW(copy_(twice, ones({3})), GradError) << "it would not see the new node";
  EXPECT_EQ(testing::message<GradError>([&] { copy_(w, ones({3})); }),
            "[copy_] f32[3] is a leaf that requires a gradient\n"
            "  hint: write inside a NoGrad scope");
  EXPECT_EQ(x.to_vector<double>(), std::vector<double>(6));
  Tensor meta = empty({3}, DType::f32, kMeta);
  EXPECT_THROW(copy_(meta, w), DeviceError) << "the gradient of w would have no values";
  const NoGrad no_grad;
  copy_(meta, w);
  copy_(select(x, 0, 1), w);
  EXPECT_EQ(x.to_vector<double>(), (std::vector<double>{0, 0, 0, 1, 1, 1}));
}

}  // namespace
}  // namespace strata
