#include "strata/nn/init.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata::nn::init {
namespace {

struct Statistics {
  double mean = 0, stddev = 0, low = 0, high = 0;
  double within_one = 0;  ///< part of the values nearer than one standard deviation to the mean
};

Statistics statistics(const Tensor& t) {
  const auto v = t.to_vector<double>();
  const auto n = static_cast<double>(v.size());
  Statistics s;
  for (const double x : v) s.mean += x / n;
  for (const double x : v) s.stddev += (x - s.mean) * (x - s.mean) / n;
  s.stddev = std::sqrt(s.stddev);
  s.low = *std::min_element(v.begin(), v.end());
  s.high = *std::max_element(v.begin(), v.end());
  for (const double x : v) s.within_one += std::abs(x - s.mean) < s.stddev ? 1 / n : 0;
  return s;
}

/// The tensor holds 40,000 values and more: means are within 0.02 standard deviations.
void expect_uniform(const Tensor& t, double bound) {
  const Statistics s = statistics(t);
  EXPECT_NEAR(s.mean, 0, 0.02 * bound);
  EXPECT_NEAR(s.stddev, bound / std::sqrt(3.0), 0.01 * bound);
  EXPECT_GE(s.low, -bound);
  EXPECT_LE(s.high, bound);
  EXPECT_GT(s.high - s.low, 1.998 * bound);
  EXPECT_NEAR(s.within_one, 1 / std::sqrt(3.0), 0.01);
}

void expect_normal(const Tensor& t, double stddev) {
  const Statistics s = statistics(t);
  EXPECT_NEAR(s.mean, 0, 0.02 * stddev);
  EXPECT_NEAR(s.stddev, stddev, 0.02 * stddev);
  EXPECT_NEAR(s.within_one, 0.6827, 0.01);
  EXPECT_GT(s.high, 3 * stddev);
}

const Shape kLinear = {100, 400};
const Shape kConv = {64, 3, 5, 50};  // fan in 750, fan out 960

TEST(Init, FansFollowTheLayouts) {
  EXPECT_EQ(fans(zeros(kLinear)).in, 400);
  EXPECT_EQ(fans(zeros(kLinear)).out, 100);
  EXPECT_EQ(fans(zeros(kConv)).in, 750);
  EXPECT_EQ(fans(zeros(kConv)).out, 960);
  EXPECT_THROW(fans(zeros({5})), ShapeError);
}

TEST(Init, GainsAreThoseOfPyTorch) {
  // torch.nn.init.calculate_gain
  EXPECT_EQ(gain(Nonlinearity::linear), 1);
  EXPECT_EQ(gain(Nonlinearity::sigmoid), 1);
  EXPECT_DOUBLE_EQ(gain(Nonlinearity::tanh), 5.0 / 3.0);
  EXPECT_DOUBLE_EQ(gain(Nonlinearity::relu), std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(gain(Nonlinearity::leaky_relu), std::sqrt(2.0 / 1.0001));
  EXPECT_DOUBLE_EQ(gain(Nonlinearity::leaky_relu, 0.5), std::sqrt(1.6));
  EXPECT_EQ(gain(Nonlinearity::selu), 0.75);
}

TEST(Init, PlainDistributions) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    Tensor w = empty(kLinear, dtype);
    uniform(w, -3, 3);
    expect_uniform(w, 3);
    normal(w, 0, 0.5);
    expect_normal(w, 0.5);
    normal(w, 7, 0.5);
    EXPECT_NEAR(statistics(w).mean, 7, 0.01);
    constant(w, 2.5);
    EXPECT_EQ(statistics(w).low, 2.5);
    EXPECT_EQ(statistics(w).high, 2.5);
  }
}

TEST(Init, Xavier) {
  Tensor linear = empty(kLinear), conv = empty(kConv);
  xavier_uniform(linear);
  expect_uniform(linear, std::sqrt(6.0 / 500));
  xavier_uniform(conv, 2);
  expect_uniform(conv, 2 * std::sqrt(6.0 / 1710));
  xavier_normal(conv, 2);
  expect_normal(conv, 2 * std::sqrt(2.0 / 1710));
}

TEST(Init, Kaiming) {
  Tensor conv = empty(kConv);
  kaiming_uniform(conv);
  expect_uniform(conv, std::sqrt(6.0 / 750));
  kaiming_uniform(conv, {.mode = FanMode::out, .nonlinearity = Nonlinearity::linear});
  expect_uniform(conv, std::sqrt(3.0 / 960));
  kaiming_uniform(conv, {.slope = std::sqrt(5.0)});
  expect_uniform(conv, 1 / std::sqrt(750.0));
  kaiming_normal(conv, {.mode = FanMode::out, .nonlinearity = Nonlinearity::relu});
  expect_normal(conv, std::sqrt(2.0 / 960));
}

TEST(Init, TheDefaultsOfPyTorchsLayers) {
  Tensor weight = empty(kConv).set_requires_grad(), bias = empty({40000}), none;
  torch_default(weight, bias);
  expect_uniform(weight, 1 / std::sqrt(750.0));
  expect_uniform(bias, 1 / std::sqrt(750.0));
  torch_default(weight, none);
  EXPECT_FALSE(none.defined());
  EXPECT_TRUE(weight.requires_grad());
}

TEST(Init, TheGeneratorAloneDecides) {
  Tensor a = empty(kLinear), b = empty(kLinear), c = empty(kLinear);
  Generator g(3), again(3);
  kaiming_uniform(a, {}, g);
  kaiming_uniform(c, {}, g);
  kaiming_uniform(b, {}, again);
  EXPECT_EQ(a.to_vector<float>(), b.to_vector<float>());
  EXPECT_NE(a.to_vector<float>(), c.to_vector<float>());
}

TEST(Init, WritesViewsOfAnyLayout) {
  Tensor w = zeros({300, 200});
  Tensor turned = transpose(w, 0, 1);
  const uint32_t version = w.version();
  uniform(turned, -1, 1);
  expect_uniform(w, 1);
  EXPECT_GT(w.version(), version);
}

TEST(Init, Refuses) {
  Tensor integers = zeros({2, 2}, DType::i64);
  EXPECT_THROW(uniform(integers), DTypeError);
  Tensor w = strata::zeros({2, 2}).set_requires_grad();
  Tensor product = w * w;
  EXPECT_THROW(normal(product), GradError);
  Tensor bias = strata::zeros({2});
  EXPECT_THROW(xavier_normal(bias), ShapeError);
}

TEST(Init, TheMetaDeviceTakesNoValues) {
  Tensor w = empty({1000000, 1000000}, DType::f32, kMeta);
  Tensor none;
  kaiming_normal(w);
  torch_default(w, none);
  EXPECT_TRUE(w.is_meta());
}

}  // namespace
}  // namespace strata::nn::init
