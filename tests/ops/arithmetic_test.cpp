#include "strata/ops/arithmetic.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/activations.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

using Values = std::vector<double>;

template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing was thrown";
}

TEST(Arithmetic, IntegersKeepTheirTypeAndWrap) {
  const Tensor bytes = tensor<uint8_t>({250, 3, 128});
  EXPECT_EQ(describe(bytes + 10), "u8[3]");
  EXPECT_EQ((bytes + 10).to_vector<double>(), (Values{4, 13, 138}));
  EXPECT_EQ((bytes * bytes).to_vector<double>(), (Values{36, 9, 0}));
  EXPECT_EQ((-tensor<int8_t>({-128, 5})).to_vector<double>(), (Values{-128, -5}));
  const Tensor big = tensor<int64_t>({INT64_MAX, INT64_MIN});
  EXPECT_EQ((big + 1).to_vector<int64_t>(), (std::vector<int64_t>{INT64_MIN, INT64_MIN + 1}));
  EXPECT_EQ((big - 1).to_vector<int64_t>(), (std::vector<int64_t>{INT64_MAX - 1, INT64_MAX}));
  EXPECT_EQ((tensor<int32_t>({7, -7}) * 3).to_vector<double>(), (Values{21, -21}));
  EXPECT_EQ(maximum(tensor<int32_t>({7, -7}), 1).to_vector<double>(), (Values{7, 1}));
}

TEST(Arithmetic, IntegersDivideToF32) {
  const Tensor y = tensor<int64_t>({7, 1, 0}) / tensor<int64_t>({2, 4, 0});
  EXPECT_EQ(describe(y), "f32[3]");
  EXPECT_EQ(y.to_vector<float>()[0], 3.5F);
  EXPECT_EQ(y.to_vector<float>()[1], 0.25F);
  EXPECT_TRUE(std::isnan(y.to_vector<float>()[2]));
  EXPECT_EQ(describe(2.0 + tensor<int64_t>({1})), "f32[1]");
}

TEST(Arithmetic, IntegerPowers) {
  const Tensor x = tensor<int64_t>({3, -2, 1, -1, 0});
  EXPECT_EQ(pow(x, 3).to_vector<double>(), (Values{27, -8, 1, -1, 0}));
  EXPECT_EQ(pow(x, 0).to_vector<double>(), (Values{1, 1, 1, 1, 1}));
  EXPECT_EQ(pow(x, tensor<int64_t>({-1, -1, -5, -3, 2})).to_vector<double>(),
            (Values{0, 0, 1, -1, 0}));
  EXPECT_EQ(message_of<ValueError>([&] { pow(x, -1); }),
            "[pow] integers have no negative integer powers\n  hint: cast the tensor to f32 first");
  EXPECT_EQ(describe(pow(x, 0.5)), "f32[5]");
}

TEST(Arithmetic, NumbersKeepTheirPrecisionBesideHalves) {
  // 1 + 2^-9 is no bf16: rounded before use, it would be 1.
  const Tensor y = tensor<bfloat16>({256.0F}) * 1.001953125;
  EXPECT_EQ(describe(y), "bf16[1]");
  EXPECT_EQ(y.to_vector<float>()[0], 256.0F);  // 256.5 rounds to even
  EXPECT_EQ((tensor<bfloat16>({512.0F}) * 1.005859375).to_vector<float>()[0], 516.0F);
  EXPECT_EQ((tensor({1.0}) * 0.1).to_vector<double>()[0], 0.1);
}

TEST(Arithmetic, Shapes) {
  EXPECT_EQ((zeros({3, 1, 5}) + zeros({4, 1})).shape(), (Shape{3, 4, 5}));
  EXPECT_EQ((zeros({0, 3}) * zeros({3})).shape(), (Shape{0, 3}));
  EXPECT_EQ((zeros({1}) - zeros({0})).shape(), (Shape{0}));
  EXPECT_EQ((scalar(2.0F) * 3).item<float>(), 6.0F);
  const Tensor m = reshape(arange(0, 6, 1, DType::f32), {2, 3});
  EXPECT_EQ((transpose(m, 0, 1) + tensor({10.0F, 20.0F})).to_vector<double>(),
            (Values{10, 23, 11, 24, 12, 25}));
  EXPECT_EQ(where(m > 2, m, -1).to_vector<double>(), (Values{-1, -1, -1, 3, 4, 5}));
  EXPECT_EQ(where(m > 2, 1.5, 0).to_vector<double>(), (Values{0, 0, 0, 1.5, 1.5, 1.5}));
  EXPECT_EQ(where(m > 2, 1.5, 0).dtype(), DType::f32);
  EXPECT_EQ(where(m > 2, 1, 0).dtype(), DType::i64);
  EXPECT_EQ(where(m > 2, true, false).to_vector<double>(), (Values{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(where(m > 2, true, false).dtype(), DType::boolean);
}

TEST(Arithmetic, ClampBetweenTensors) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = tensor<float>({nan, -5, 0, 5}), low = tensor<float>({0, -1, nan, 1});
  const auto y = clamp(x, low, tensor<float>({1, 2, 2, 0})).to_vector<float>();
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[2]));
  EXPECT_EQ(y[1], -1);
  EXPECT_EQ(y[3], 0);  // low above high
  EXPECT_EQ(describe(clamp(ones({3}, DType::i64), Tensor(), zeros({2, 1}))), "f32[2, 3]");
  EXPECT_THROW(clamp(x, Tensor(), Tensor()), ValueError);
}

TEST(Arithmetic, Errors) {
  EXPECT_EQ(message_of<ShapeError>([] {
              zeros({2, 3}) + zeros({2});
            }),
            "[add] shapes [2, 3] and [2] do not broadcast: sizes 3 and 2 at dimension 1 of the "
            "result\n  hint: sizes must be equal or 1, counted from the last dimension");
  EXPECT_EQ(message_of<ValueError>([] { maximum(1, 2); }),
            "[maximum] one of the two must be a tensor");
  EXPECT_EQ(message_of<DeviceError>([] { zeros({2}) * zeros({2}, DType::f32, kMeta); }),
            "[mul] tensors on different devices: f32[2] on cpu, f32[2] on meta\n"
            "  hint: what is made on meta has no values: make both on meta or neither");
  const Tensor mask = tensor<bool>({true, false});
  EXPECT_EQ(message_of<DTypeError>([&] { mask - mask; }),
            "[sub] bools cannot be subtracted\n  hint: a ^ b is their exclusive or");
  EXPECT_EQ(message_of<DTypeError>([&] { -mask; }), "[neg] takes numbers, got bool[2]");
  EXPECT_EQ(message_of<DTypeError>([] { gelu(tensor<int64_t>({1})); }),
            "[gelu] takes floating tensors, got i64[1]");
  EXPECT_EQ(message_of<DTypeError>([] { where(zeros({2}), 1, zeros({2})); }),
            "[where] the condition must be bool, got f32[2]\n  hint: ne(t, 0) makes one");
  EXPECT_THROW(masked_fill(zeros({2}), zeros({3, 2}) > 0, 0), ShapeError);
  EXPECT_THROW(clamp(zeros({2}), {}), ValueError);
}

TEST(Arithmetic, GradientsReachOperandsOfOtherTypes) {
  Tensor half = tensor<bfloat16>({1.0F, 2.0F});
  half.set_requires_grad();
  Tensor row = ones({3, 2}).set_requires_grad();
  backward(sum(half * row));
  EXPECT_EQ(describe(half.grad()), "bf16[2]");
  EXPECT_EQ(half.grad().to_vector<double>(), (Values{3, 3}));
  EXPECT_EQ(row.grad().to_vector<double>(), (Values{1, 2, 1, 2, 1, 2}));
}

TEST(Arithmetic, MetaGivesShapesAndTypes) {
  const Tensor a = empty({4, 1}, DType::bf16, kMeta), b = empty({3}, DType::f32, kMeta);
  EXPECT_EQ(describe(a * b + 1), "f32[4, 3]");
  EXPECT_EQ(describe(a * 2), "bf16[4, 1]");
  EXPECT_EQ(describe(a < b), "bool[4, 3]");
  EXPECT_EQ(describe(clamp(a, 0, 1)), "bf16[4, 1]");
  EXPECT_TRUE(where(a < b, a, 0).is_meta());
}

TEST(Arithmetic, MaximaShareTheGradientOfTies) {
  Tensor a = tensor({1.0, 2.0, 3.0}).set_requires_grad();
  Tensor b = tensor({1.0, 5.0, 0.0}).set_requires_grad();
  backward(sum(maximum(a, b) + 10 * minimum(a, b)));
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{5.5, 10, 1}));
  EXPECT_EQ(b.grad().to_vector<double>(), (Values{5.5, 1, 10}));
}

}  // namespace
}  // namespace strata
