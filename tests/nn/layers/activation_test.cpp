#include "strata/nn/layers/activation.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/activations.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/softmax.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

using testing::message;

TEST(ActivationLayers, GiveTheValuesOfTheirOps) {
  const auto expect = [](Module&& layer, std::vector<float> want) {
    const auto got = layer(tensor<float>({-2, -0.25, 0.5, 7})).to_vector<float>();
    ASSERT_EQ(got.size(), want.size()) << layer.type();
    for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-5f) << layer.type();
  };
  // Printed by PyTorch.
  expect(ReLU6(), {0, 0, 0.5, 6});
  expect(SELU(), {-1.5201665f, -0.3888902f, 0.5253505f, 7.3549069f});
  expect(Mish(), {-0.2525015f, -0.1299270f, 0.3752475f, 6.9999886f});
  expect(Hardsigmoid(), {0.1666667f, 0.4583333f, 0.5833333f, 1});
  expect(Hardswish(), {-0.3333333f, -0.1145833f, 0.2916667f, 7});
  expect(Softsign(), {-0.6666667f, -0.2f, 0.3333333f, 0.875f});
  expect(LogSigmoid(), {-2.1269281f, -0.8259394f, -0.4740770f, -0.0009115f});
  expect(Tanhshrink(), {-1.0359724f, -0.0050813f, 0.0378829f, 6.0000017f});
  expect(LeakyReLU({.slope = 0.1}), {-0.2f, -0.025f, 0.5, 7});
  expect(ELU({.alpha = 2}), {-1.7293295f, -0.4423984f, 0.5, 7});
  expect(CELU({.alpha = 2}), {-1.2642411f, -0.2350062f, 0.5, 7});
  expect(Hardtanh({.low = -0.5, .high = 2}), {-0.5, -0.25, 0.5, 2});
  expect(Softplus({.beta = 2, .threshold = 10}), {0.0090749f, 0.2370385f, 0.6566308f, 7});
  expect(Softshrink({.lambda = 0.3}), {-1.7f, 0, 0.2f, 6.7f});
  expect(Hardshrink({.lambda = 0.3}), {-2, 0, 0.5, 7});
  expect(Threshold({.limit = 0.1, .value = 20}), {20, 20, 0.5, 7});
  expect(GLU(), {-1.2449187f, -0.2497722f});
  expect(Softmax(), {0.0001231f, 0.0007082f, 0.0014992f, 0.9976696f});
  expect(LogSoftmax(), {-9.0023330f, -7.2523330f, -6.5023330f, -0.0023331f});
  expect(Softmin(), {0.7961895f, 0.1383570f, 0.0653552f, 0.0000983f});
  expect(PReLU(), {-0.5, -0.0625, 0.5, 7});
}

TEST(ActivationLayers, GiveTheirConfig) {
  EXPECT_TRUE(GELU({.tanh = true}).config().tanh);
  EXPECT_EQ(Hardtanh({.low = -2}).config().low, -2);
  EXPECT_EQ(Softmax({.axis = 1}).config().axis, 1);
}

TEST(PReLU, LearnsASlopeForEachChannel) {
  PReLU layer({.channels = 2, .init = 0.5});
  const StateDict state = state_dict(layer);
  ASSERT_EQ(state.size(), 1u);
  EXPECT_EQ(describe(state.at("weight")), "f32[2]");
  backward(sum(layer(tensor<float>({-1, 2, -3, -4}, {2, 2}))));
  EXPECT_EQ(layer.weight.grad().to_vector<float>(), (std::vector<float>{-4, -4}));
  EXPECT_EQ(message<ShapeError>([&] {
              layer(ones({2, 3}));
            }),
            "[prelu] weight f32[2] has neither one element nor one for each channel of x f32[2, "
            "3]");
  EXPECT_EQ(message<ValueError>([] { PReLU bad({.channels = 0}); }),
            "[PReLU] .channels must be at least 1, got 0");
}

TEST(RReLU, DrawsASlopeForEachElementInTraining) {
  RReLU layer({.low = 0.25, .high = 0.5});
  Tensor x = randn({2000}, 0, 1, DType::f64).set_requires_grad();
  manual_seed(7);
  const Tensor y = layer(x);
  backward(sum(y));
  const auto in = x.to_vector<double>(), out = y.to_vector<double>(),
             slope = x.grad().to_vector<double>();
  double least = 1, most = 0;
  for (size_t i = 0; i < in.size(); ++i) {
    EXPECT_EQ(out[i], in[i] > 0 ? in[i] : in[i] * slope[i]);
    if (in[i] > 0) {
      EXPECT_EQ(slope[i], 1);
    } else {
      least = std::min(least, slope[i]);
      most = std::max(most, slope[i]);
    }
  }
  EXPECT_GE(least, 0.25);
  EXPECT_LE(least, 0.26);
  EXPECT_LT(most, 0.5);
  EXPECT_GE(most, 0.49);
  manual_seed(7);
  EXPECT_EQ(layer(x).to_vector<double>(), out);
  EXPECT_NE(layer(x).to_vector<double>(), out);
  layer.eval();
  EXPECT_EQ(layer(tensor<double>({-8, 8})).to_vector<double>(), (std::vector<double>{-3, 8}));
}

TEST(RReLU, KeepsDtypesAndRefusesBounds) {
  RReLU layer;
  for (const DType dtype : {DType::bf16, DType::f16, DType::f32, DType::f64}) {
    EXPECT_EQ(layer(ones({3}, dtype)).dtype(), dtype);
  }
  EXPECT_EQ(rrelu(full({2}, -1), 0.5, 0.5, true).to_vector<float>(),
            (std::vector<float>{-0.5, -0.5}));
  EXPECT_EQ(message<ValueError>([&] { rrelu(ones({1}), 0.5, 0.25); }),
            "[rrelu] the slopes must be in [low, high), got 0.5, 0.25");
  EXPECT_THROW(rrelu(ones({1}, DType::i64)), DTypeError);
}

TEST(Softmax2d, IsOverTheChannels) {
  Softmax2d layer;
  const Tensor x = randn({2, 3, 4, 5});
  EXPECT_EQ(layer(x).to_vector<float>(), softmax(x, -1).to_vector<float>());
  EXPECT_EQ(message<ShapeError>([&] {
              layer(ones({2, 3}));
            }),
            "[Softmax2d] x must be [N, H, W, C] or [H, W, C], got f32[2, 3]");
}

TEST(Activations, SayWhatTheyDoNotTake) {
  const Tensor x = ones({3});
  EXPECT_EQ(message<DTypeError>([] { elu(zeros({2}, DType::i64)); }),
            "[elu] needs a floating tensor, got i64[2]\n  hint: cast(x, DType::f32)?");
  EXPECT_EQ(message<ValueError>([&] { celu(x, 0); }), "[celu] alpha must not be 0");
  EXPECT_EQ(message<ValueError>([&] { softshrink(x, -1); }),
            "[softshrink] lambda must not be negative, got -1");
  EXPECT_EQ(message<ValueError>([&] { hardtanh(x, 2, 1); }),
            "[hardtanh] the bounds are in wrong order: 2, 1");
  EXPECT_EQ(message<ShapeError>([&] { glu(x); }), "[glu] axis 0 of f32[3] cannot be halved");
}

}  // namespace
}  // namespace strata::nn
