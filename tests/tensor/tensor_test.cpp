#include "strata/tensor/tensor.h"

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

TEST(Tensor, AnUndefinedOneSaysSo) {
  const Tensor t;
  EXPECT_FALSE(t.defined());
  EXPECT_FALSE(t.requires_grad());
  EXPECT_EQ(to_string(t), "undefined");
  EXPECT_THROW(t.shape(), ValueError);
  EXPECT_THROW(t.to_vector<float>(), ValueError);
}

TEST(Tensor, ValuesInAndOut) {
  const Tensor t = tensor<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(t.to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(transpose(t, 0, 1).to_vector<double>(), (std::vector<double>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(t.size(-1), 3);
  EXPECT_THROW(t.size(2), IndexError);
  EXPECT_EQ(scalar(2.5).item<float>(), 2.5F);
  EXPECT_EQ(scalar<int64_t>(7).item<double>(), 7.0);
  EXPECT_TRUE(scalar(true).item<bool>());
  EXPECT_EQ(tensor<bfloat16>({bfloat16(1.5F)}).item<double>(), 1.5);
  EXPECT_EQ(slice(t, 1, 2).to_vector<float>(), (std::vector<float>{3, 6}));
  EXPECT_THROW(tensor<float>({1, 2}, {3}), ShapeError);
  try {
    t.item<float>();
    FAIL();
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "[item] needs one element, got f32[2, 3]");
  }
  try {
    t.data<double>();
    FAIL();
  } catch (const DTypeError& e) {
    EXPECT_STREQ(e.what(), "[data] asked for f64 of a tensor that is f32[2, 3]");
  }
}

TEST(Tensor, HandlesShareAndCountTheirMemory) {
  const Tensor t = zeros({4});
  EXPECT_TRUE(t.owns_memory());
  const Tensor view = slice(t, 0, 1, 3);
  EXPECT_TRUE(view.shares_storage(t));
  EXPECT_EQ(view.offset(), 1);
  EXPECT_FALSE(t.owns_memory());
  EXPECT_FALSE(zeros({4}).shares_storage(t));
  const Tensor same = t;  // NOLINT(performance-unnecessary-copy-initialization): the point
  EXPECT_TRUE(same.same_as(t));
  EXPECT_FALSE(view.same_as(t));
}

TEST(Tensor, ForeignMemoryIsReleasedWithItsLastView) {
  std::vector<float> memory = {1, 2, 3, 4};
  int released = 0;
  {
    Tensor view;
    {
      const Tensor t = from_blob(memory.data(), {2, 2}, DType::f32, [&] { ++released; });
      view = select(t, 0, 1);
    }
    EXPECT_EQ(released, 0);
    EXPECT_EQ(view.to_vector<float>(), (std::vector<float>{3, 4}));
    fill_(view, 9);
  }
  EXPECT_EQ(released, 1);
  EXPECT_EQ(memory, (std::vector<float>{1, 2, 9, 9}));
}

TEST(Tensor, ForeignMemoryWithoutAnOwnerIsNeverHandedOutAgain) {
  std::vector<float> memory(16, 1.0F);
  { const Tensor t = from_blob(memory.data(), {16}, DType::f32); }
  const Tensor fresh = zeros({16});
  EXPECT_NE(static_cast<const void*>(fresh.data<float>()), memory.data());
  EXPECT_THROW(from_blob(memory.data(), {-1}, DType::f32), ShapeError);
}

TEST(Tensor, AbsurdShapesAreErrors) {
  EXPECT_THROW(empty({int64_t{1} << 61}, DType::f64), ShapeError);
  EXPECT_THROW(empty({int64_t{1} << 40, int64_t{1} << 40}), ShapeError);
  EXPECT_THROW(empty({-1}), ShapeError);
  EXPECT_EQ(empty({int64_t{1} << 50}, DType::f32, kMeta).numel(), int64_t{1} << 50);
}

TEST(Tensor, MetaTensorsHaveNoValues) {
  const Tensor t = zeros({2, 3}, DType::bf16, kMeta);
  EXPECT_EQ(to_string(t), "bf16[2, 3]");
  EXPECT_THROW(t.to_vector<float>(), DeviceError);
  EXPECT_THROW(empty({2}, DType::f32, Device{DeviceType::cuda, 0}), DeviceError);
}

std::string shown(const Tensor& t) {
  std::ostringstream out;
  out << t;
  const std::string suffix = " " + describe(t);
  EXPECT_TRUE(out.str().ends_with(suffix));
  return out.str().substr(0, out.str().size() - suffix.size());
}

// Every text is that of numpy 2.4's str().
TEST(Print, FloatsAsNumpy) {
  const float inf = INFINITY, nan = NAN;
  EXPECT_EQ(shown(tensor<float>({1, 2, 3})), "[1. 2. 3.]");
  EXPECT_EQ(shown(tensor<float>({1.5, -2, 3.25, 100}, {2, 2})),
            "[[  1.5   -2.  ]\n [  3.25 100.  ]]");
  EXPECT_EQ(shown(tensor<float>({0.1F, 1e-5F, 3})), "[1.e-01 1.e-05 3.e+00]");
  EXPECT_EQ(shown(tensor<float>({nan, 1, -inf})), "[ nan   1. -inf]");
  EXPECT_EQ(shown(tensor<float>({nan, inf})), "[nan inf]");
  EXPECT_EQ(shown(tensor<float>({1234567, 1})), "[1.234567e+06 1.000000e+00]");
  EXPECT_EQ(shown(tensor<double>({1.0 / 3, 2.0 / 3})), "[0.33333333 0.66666667]");
  EXPECT_EQ(shown(tensor<double>({1.0 / 3, 1e5})), "[3.33333333e-01 1.00000000e+05]");
  EXPECT_EQ(shown(tensor<float>({0.0F, -0.0F})), "[ 0. -0.]");
  EXPECT_EQ(shown(tensor<float>({1e-10F, -2.5e20F})), "[ 1.0e-10 -2.5e+20]");
  EXPECT_EQ(shown(scalar(2.5F)), "2.5");
  EXPECT_EQ(shown(scalar(3.0F)), "3.0");
  EXPECT_EQ(shown(scalar(1.0F / 3)), "0.33333334");
  EXPECT_EQ(shown(cast(tensor<float>({0.1F, 0.25F, 1.5F}), DType::f16)), "[0.1  0.25 1.5 ]");
  EXPECT_EQ(shown(tensor<double>({1e-310})), "[1.e-310]");
}

TEST(Print, IntegersAndBoolsAsNumpy) {
  EXPECT_EQ(shown(tensor<int64_t>({9007199254740993})), "[9007199254740993]");
  EXPECT_EQ(shown(tensor<bool>({true, false})), "[ True False]");
  EXPECT_EQ(shown(scalar<int64_t>(3)), "3");
  EXPECT_EQ(shown(tensor<uint8_t>({1, 200})), "[  1 200]");
  EXPECT_EQ(shown(reshape(arange(-5, 7), {2, 2, 3})),
            "[[[-5 -4 -3]\n  [-2 -1  0]]\n\n [[ 1  2  3]\n  [ 4  5  6]]]");
}

TEST(Print, LongOnesAreWrappedAndCut) {
  EXPECT_EQ(shown(arange(0, 40000, 1000)),
            "[    0  1000  2000  3000  4000  5000  6000  7000  8000  9000 10000 11000\n"
            " 12000 13000 14000 15000 16000 17000 18000 19000 20000 21000 22000 23000\n"
            " 24000 25000 26000 27000 28000 29000 30000 31000 32000 33000 34000 35000\n"
            " 36000 37000 38000 39000]");
  EXPECT_EQ(shown(reshape(arange(0, 2000), {2, 1000})),
            "[[   0    1    2 ...  997  998  999]\n [1000 1001 1002 ... 1997 1998 1999]]");
  EXPECT_EQ(shown(arange(0, 1002, 1, DType::f32)),
            "[0.000e+00 1.000e+00 2.000e+00 ... 9.990e+02 1.000e+03 1.001e+03]");
  EXPECT_EQ(shown(zeros({0, 3})), "[]");
  EXPECT_EQ(
      shown(ones({2, 2, 2, 1})),
      "[[[[1.]\n   [1.]]\n\n  [[1.]\n   [1.]]]\n\n\n [[[1.]\n   [1.]]\n\n  [[1.]\n   [1.]]]]");
}

TEST(Tensor, NewDataIsSeenByAllHandles) {
  Tensor a = tensor({1.0f, 2.0f, 3.0f}), handle = a;
  const Tensor view = a.detach();
  a.bump_version();
  const Tensor value = tensor({4.0, 5.0, 6.0});
  a.set_data(value);
  EXPECT_TRUE(handle.same_as(a));
  EXPECT_EQ(handle.to_vector<double>(), std::vector<double>({4, 5, 6}));
  EXPECT_TRUE(handle.shares_storage(value));
  EXPECT_EQ(handle.version(), 2u) << "more than that of the memory before";
  EXPECT_EQ(view.to_vector<float>(), std::vector<float>({1, 2, 3}));
  EXPECT_THROW(a.set_data(tensor({1.0f})), ShapeError);
  EXPECT_THROW(a.set_data({}), ValueError);

  a.set_requires_grad();
  a.set_grad(value);
  EXPECT_THROW(a.set_data(tensor<int64_t>({1, 2, 3})), DTypeError);
  EXPECT_TRUE(a.grad().defined());
  a.set_data(tensor({7.0f, 8.0f, 9.0f}));
  EXPECT_TRUE(handle.requires_grad());
  EXPECT_FALSE(handle.grad().defined());
  handle.set_requires_grad(false);
  a.set_data(tensor<int64_t>({1, 2, 3}));
  EXPECT_EQ(handle.dtype(), DType::i64);
}

TEST(Tensor, GradientsAreOfItsDtype) {
  Tensor x = ones({2}, DType::f64);
  x.set_requires_grad();
  EXPECT_THROW(x.set_grad(ones({2})), DTypeError);
  x.set_grad(ones({2}, DType::f64));
}

}  // namespace
}  // namespace strata
