#include "strata/ops/in_place.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;
using Values = std::vector<double>;

Values values(const Tensor& x) { return x.to_vector<double>(); }

Tensor leaf(std::initializer_list<double> list) { return tensor<double>(list).set_requires_grad(); }

TEST(InPlace, WritesIntoTheMemoryThatAllSee) {
  Tensor x = tensor<float>({1, 2, 3});
  const Tensor same = x, view = reshape(x, {3, 1});
  const float* before = x.data<float>();
  const uint32_t version = x.version();
  x += 1;
  x *= tensor<float>({2, 3, 4});
  x -= scalar(1.0F);
  x /= 2;
  EXPECT_EQ(values(x), (Values{1.5, 4, 7.5}));
  EXPECT_EQ(x.data<float>(), before);
  EXPECT_EQ(values(view), values(x));
  EXPECT_TRUE(same.same_as(x));
  EXPECT_EQ(x.version(), version + 4);
  EXPECT_EQ(values((x += 1) += 1), (Values{3.5, 6, 9.5}));
}

TEST(InPlace, ViewsWithoutANameToo) {
  Tensor x = zeros({2, 3});
  slice(x, 1, 0, 2) += 1;
  select(x, 0, 1) *= tensor<float>({4, 5, 6});
  slice(transpose(x, 0, 1), 0, 1) -= tensor<float>({1, 2});
  EXPECT_EQ(values(x), (Values{1, 0, -1, 4, 3, -2}));
  select(x, 0, 0) /= 0.5;
  copy_(select(x, 0, 1), tensor<float>({7, 8, 9}));
  fill_(slice(x, 1, 2), -3);
  EXPECT_EQ(values(x), (Values{2, 0, -3, 7, 8, -3}));
  Tensor mask = x > 0;
  select(mask, 0, 0) |= true;
  EXPECT_EQ(values(mask), (Values{1, 1, 1, 1, 1, 0}));
  mask &= tensor<bool>({true, true, false});
  mask ^= true;
  EXPECT_EQ(values(mask), (Values{0, 0, 1, 0, 0, 1}));
}

TEST(InPlace, ReadsBeforeItWrites) {
  // Where memory overlaps in part, PyTorch refuses; so these are what numpy gives.
  Tensor x = arange(0, 9, 1, DType::f32);
  slice(x, 0, 1) += slice(x, 0, 0, 8);
  EXPECT_EQ(values(x), (Values{0, 1, 3, 5, 7, 9, 11, 13, 15}));
  Tensor m = reshape(arange(0, 9, 1, DType::f32), {3, 3});
  m += transpose(m, 0, 1);
  EXPECT_EQ(values(m), (Values{0, 4, 8, 4, 8, 12, 8, 12, 16}));
  m -= select(m, 0, 1);
  EXPECT_EQ(values(m), (Values{-4, -4, -4, 0, 0, 0, 4, 4, 4}));
  Tensor y = arange(1, 5, 1, DType::f32);
  y *= y;
  EXPECT_EQ(values(y), (Values{1, 4, 9, 16}));
  slice(y, 0, 0, 2) += slice(y, 0, 2, 4);
  EXPECT_EQ(values(y), (Values{10, 20, 9, 16}));
  // Large enough for several threads and for writes past the caches.
  Tensor large = arange(0, 9000001, 1, DType::f32);
  slice(large, 0, 1) -= slice(large, 0, 0, 9000000);
  EXPECT_EQ(sum(large).item<float>(), 9e6F);
  large += large;
  EXPECT_EQ(sum(large).item<float>(), 18e6F);
}

TEST(InPlace, ComputesInTheDTypeOfTheResult) {
  Tensor bytes = tensor<uint8_t>({1, 1, 1});
  bytes += tensor<int64_t>({300, 1, -5});
  EXPECT_EQ(values(bytes), (Values{45, 2, 252}));
  bytes *= 2;
  EXPECT_EQ(values(bytes), (Values{90, 4, 248}));
  Tensor mask = tensor<bool>({true, false, true});
  mask += tensor<bool>({true, true, false});
  EXPECT_EQ(values(mask), (Values{1, 1, 1}));
  Tensor half = tensor<bfloat16>({256.0F});
  half += tensor<float>({1.5F});
  EXPECT_EQ(describe(half), "bf16[1]");
  EXPECT_EQ(values(half), (Values{258}));
  // In f64, and rounded once: in f32 the factor would be infinite.
  Tensor small = full({2}, 1e-30);
  small *= full({2}, 1e50, DType::f64);
  EXPECT_EQ(describe(small), "f32[2]");
  EXPECT_EQ(small.to_vector<float>()[1], static_cast<float>(double{1e-30F} * 1e50));
  Tensor x = tensor<float>({std::numeric_limits<float>::quiet_NaN(), -0.0F, INFINITY});
  x -= INFINITY;
  EXPECT_TRUE(std::isnan(values(x)[0]) && std::isnan(values(x)[2]));
  EXPECT_EQ(values(x)[1], -INFINITY);
}

TEST(InPlace, RefusesWhatDoesNotFit) {
  Tensor x = zeros({3}), integers = zeros({3}, DType::i64), mask = x > 0, point = scalar(1.0F);
  EXPECT_EQ(message<ShapeError>([&] {
              x += zeros({2, 3});
            }),
            "[add_] f32[2, 3] does not broadcast to f32[3], which it is written into");
  EXPECT_THROW(point += zeros({1}), ShapeError);
  EXPECT_THROW(x += zeros({2}), ShapeError);
  EXPECT_EQ(message<DTypeError>([&] { integers *= 1.5; }),
            "[mul_] i64[3] cannot hold the result, which is f32\n"
            "  hint: x = x * y makes a new tensor of that dtype");
  EXPECT_THROW(integers /= 2, DTypeError);
  EXPECT_THROW(mask += 1, DTypeError);
  EXPECT_THROW(mask &= integers, DTypeError);
  EXPECT_EQ(message<DTypeError>([&] { mask -= mask; }),
            "[sub_] bools cannot be subtracted\n  hint: a ^ b is their exclusive or");
  EXPECT_EQ(message<DTypeError>([&] { x |= 1; }),
            "[bitwise_or_] takes integers and bools, got f32[3]");
  EXPECT_THROW(x += zeros({3}, DType::f32, kMeta), DeviceError);
  Tensor none;
  EXPECT_THROW(none += 1, ValueError);
  Tensor wide = expand(zeros({1, 3}), {4, 3});
  EXPECT_EQ(message<ShapeError>([&] { wide += 1; }),
            "[add_] several elements of f32[4, 3] lie in one place, along axis 0\n"
            "  hint: write into a copy() of it");
  EXPECT_EQ(values(x), (Values{0, 0, 0}));
  EXPECT_EQ(values(integers), (Values{0, 0, 0}));
}

TEST(InPlace, EmptyAndMetaTensors) {
  Tensor none = zeros({0, 3});
  none += ones({3});
  slice(none, 1, 1) *= slice(none, 1, 0, 2);
  EXPECT_EQ(describe(none), "f32[0, 3]");
  Tensor meta = empty({2, 3}, DType::f32, kMeta).set_requires_grad(), y = meta * 2;
  y /= meta;
  EXPECT_EQ(describe(y), "f32[2, 3]");
  backward(sum(y));
  EXPECT_EQ(describe(meta.grad()), "f32[2, 3]");
}

TEST(InPlace, LeavesAreForNoGrad) {
  Tensor w = leaf({1, 2});
  backward(sum(w * w));
  EXPECT_EQ(message<GradError>([&] { w -= 0.5 * w.grad(); }),
            "[sub_] f64[2] is a leaf that requires a gradient\n"
            "  hint: write inside a NoGrad scope, as an optimiser does, or x = x - y");
  {
    const NoGrad no_grad;
    w -= 0.5 * w.grad();
    slice(w, 0, 1) += 5;
  }
  EXPECT_EQ(values(w), (Values{0, 5}));
  w.set_grad({});
  backward(sum(w * w));
  EXPECT_EQ(values(w.grad()), (Values{0, 10}));
  w.grad() *= 0.5;
  EXPECT_EQ(values(w.grad()), (Values{0, 5}));
  // A result of ops written inside NoGrad keeps its history, as in PyTorch.
  Tensor y = w * 3;
  {
    const NoGrad no_grad;
    y += 1;
  }
  w.set_grad({});
  backward(sum(y));
  EXPECT_EQ(values(w.grad()), (Values{3, 3}));
}

TEST(InPlace, RecordedOneAfterTheOther) {
  Tensor w = leaf({1, 2}), v = leaf({4, 8});
  Tensor x = w * 2;
  const double* memory = x.data<double>();
  x *= v;
  x += w;
  x /= v;
  x -= v;
  x *= 3;
  EXPECT_EQ(x.data<double>(), memory);
  EXPECT_EQ(values(x), (Values{-5.25, -11.25}));
  backward(sum(x * x));
  // From PyTorch.
  EXPECT_EQ(values(w.grad()), (Values{-70.875, -143.4375}));
  EXPECT_EQ(values(v.grad()), (Values{33.46875, 69.609375}));
}

TEST(InPlace, ATensorWithoutAGradientTakesOneIn) {
  Tensor total = scalar(0.0), w = leaf({1, 2});
  for (int i = 1; i <= 3; ++i) total += sum(w * i);
  EXPECT_EQ(total.item<double>(), 18.0);
  backward(total);
  EXPECT_EQ(values(w.grad()), (Values{6, 6}));
  // Broadcast, and of another dtype.
  Tensor sums = zeros({2, 2}, DType::bf16);
  sums += w;
  sums *= w;
  EXPECT_EQ(describe(sums), "bf16[2, 2]");
  w.set_grad({});
  backward(sum(sums));
  EXPECT_EQ(describe(w.grad()), "f64[2]");
  EXPECT_EQ(values(w.grad()), (Values{4, 8}));
}

TEST(InPlace, AValueBesideItself) {
  const int64_t before = cpu_memory_stats().in_use;
  {
    Tensor w = leaf({1, 2, 3});
    Tensor x = w * 2;
    x += x;
    x *= x;  // PyTorch forgets the old value and throws on the way back
    EXPECT_EQ(values(x), (Values{16, 64, 144}));
    backward(sum(x));
    EXPECT_EQ(values(w.grad()), (Values{32, 64, 96}));
    Tensor y = w * 2;
    const Tensor& itself = y;  // Clang warns of y /= y
    y /= itself;
    w.set_grad({});
    backward(sum(y));
    EXPECT_EQ(values(w.grad()), (Values{0, 0, 0}));
    Tensor never_walked = w * 2;
    never_walked *= never_walked;
  }
  EXPECT_EQ(cpu_memory_stats().in_use, before) << "a cycle of nodes";
}

TEST(InPlace, GradientsOfGradients) {
  // x = ((2w * v) / w)^2 * w^3 / v = 4 v w^3: d2x/dw2 = 24 v w, d2x/dwdv = 12 w^2.
  Tensor w = leaf({1.5}), v = leaf({-2});
  Tensor x = w * 2;
  x *= v;
  x /= w;
  x *= x;
  x *= w * w * w;
  x /= v;
  EXPECT_NEAR(x.item<double>(), 4 * -2 * 1.5 * 1.5 * 1.5, 1e-12);
  const auto first = grad({x}, {w, v}, {}, {.create_graph = true});
  EXPECT_NEAR(first[0].item<double>(), 12 * -2 * 2.25, 1e-12);
  EXPECT_NEAR(first[1].item<double>(), 4 * 3.375, 1e-12);
  const auto second = grad(first[0], {w, v});
  EXPECT_NEAR(second[0].item<double>(), 24 * -2 * 1.5, 1e-12);
  EXPECT_NEAR(second[1].item<double>(), 12 * 2.25, 1e-12);
}

TEST(InPlace, RecordedItNeedsMemoryOfItsOwn) {
  Tensor w = leaf({1, 2, 3});
  const char* what =
      "[add_] f64[2] is a view, or other tensors or a recorded op share its memory\n"
      "  hint: x = x + y makes a new tensor";
  EXPECT_EQ(message<GradError>([&] { slice(w, 0, 0, 2) += 1; }), what) << "a view of a leaf";
  Tensor x = w * 2;
  EXPECT_EQ(message<GradError>([&] { slice(x, 0, 0, 2) += 1; }), what) << "a view";
  const Tensor detached = x.detach();
  EXPECT_THROW(x += 1, GradError) << "another tensor sees the memory";
  Tensor y = w * 2;
  const Tensor handle = y;
  EXPECT_THROW(y += 1, GradError) << "it would not see the new node";
  Tensor e = exp(w);
  EXPECT_THROW(e *= 2, GradError) << "kept by exp for its way back";
  Tensor kept = w * 2;
  {
    const Tensor z = kept * kept;
    EXPECT_THROW(kept += 1, GradError) << "kept by the product";
  }
  kept += 1;
  backward(sum(kept));
  EXPECT_EQ(values(w.grad()), (Values{2, 2, 2}));
  // A view that is alone: what it was a view of is gone.
  Tensor part = slice(w * 2, 0, 0, 2);
  part += 1;
  part *= w.detach().size(0);
  w.set_grad({});
  backward(sum(part));
  EXPECT_EQ(values(w.grad()), (Values{6, 6, 0}));
  // Without recording all of this may be written, and the way back notices.
  const Tensor square = sum(x * x);
  {
    const NoGrad no_grad;
    slice(x, 0, 0, 2) += 1;
  }
  EXPECT_EQ(values(detached), (Values{3, 5, 6}));
  EXPECT_THROW(backward(square), GradError);
}

TEST(InPlace, FailedWritesChangeNothing) {
  Tensor w = leaf({1, 2}), x = w * 2;
  EXPECT_THROW(x += ones({3}), ShapeError);
  EXPECT_EQ(values(x), (Values{2, 4}));
  backward(sum(x));
  EXPECT_EQ(values(w.grad()), (Values{2, 2}));
}

}  // namespace
}  // namespace strata
