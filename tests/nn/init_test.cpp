#include "strata/nn/init.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/matmul.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"

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

TEST(Init, RefusesWhatIsNoDistribution) {
  Tensor w = zeros({3, 2});
  EXPECT_EQ(testing::message<ValueError>([&] { uniform(w, 2, 1); }),
            "[uniform] [2, 1) is no range");
  EXPECT_EQ(testing::message<ValueError>([&] { normal(w, 0, -1); }),
            "[normal] the stddev must not be below 0, got -1");
  EXPECT_THROW(uniform(w, 0, NAN), ValueError);
  EXPECT_THROW(uniform(w, 0, INFINITY), ValueError);
  EXPECT_THROW(normal(w, 0, NAN), ValueError);
  EXPECT_THROW(xavier_uniform(w, -1), ValueError);
  EXPECT_THROW(xavier_normal(w, -1), ValueError);
  EXPECT_THROW(sparse(w, 0.5, -1), ValueError);
  // As in PyTorch: no elements, nothing to do.
  Tensor none = zeros({0, 0}), bias = zeros({0});
  xavier_uniform(none);
  kaiming_uniform(none);
  kaiming_normal(none);
  torch_default(none, bias);
}

TEST(Init, RefusesElementsInOnePlace) {
  for (const std::string& name : names()) {
    Tensor wide = expand(zeros({4, 1}), {4, 3});
    if (name == "dirac") wide = expand(zeros({1, 3, 2}), {4, 3, 2});
    EXPECT_THROW(by_name(name, wide), ShapeError) << name;
  }
  Tensor wide = expand(zeros({4, 1}), {4, 3});
  EXPECT_EQ(testing::message<ShapeError>([&] { constant(wide, 1); }),
            "[constant] several elements of f32[4, 3] lie in one place, along axis 1\n"
            "  hint: write into a copy() of it");
  Tensor one = expand(zeros({1, 1}), {1, 1});
  constant(one, 2);
  EXPECT_EQ(one.item<float>(), 2);
}

TEST(Init, TheMetaDeviceTakesNoValues) {
  Tensor w = empty({1000000, 1000000}, DType::f32, kMeta);
  Tensor none;
  kaiming_normal(w);
  torch_default(w, none);
  EXPECT_TRUE(w.is_meta());
}

TEST(Init, TextbookRulesHaveTheirOwnBounds) {
  Tensor w = zeros(kLinear), k = zeros(kConv);
  fan_in_uniform(w, 1);
  expect_uniform(w, 1 / std::sqrt(400.0));
  fan_in_uniform(k, 2);
  expect_uniform(k, 2 / std::sqrt(750.0));
  fan_sum_uniform(k, 3);
  expect_uniform(k, 3 / std::sqrt(750.0 + 960.0));
}

TEST(Init, TruncatedNormalsStayWithin) {
  Tensor w = zeros({300, 400}, DType::f64);
  truncated_normal(w, 1, 2, -1, 4);
  const Statistics s = statistics(w);
  EXPECT_GE(s.low, -1);
  EXPECT_LE(s.high, 4);
  EXPECT_GT(s.high - s.low, 4.99);
  EXPECT_NEAR(s.mean, 1.2904, 0.02);  // by the closed form of its moments
  EXPECT_NEAR(s.stddev, 1.2895, 0.02);
  // Far out on either side, where only a 1e-16th of the distribution lies.
  truncated_normal(w, 0, 1, 8, 9);
  const Statistics right = statistics(w);
  EXPECT_GE(right.low, 8);
  EXPECT_LE(right.high, 9);
  EXPECT_NEAR(right.mean, 8.1213, 0.005);
  truncated_normal(w, 0, 1, -9, -8);
  EXPECT_NEAR(statistics(w).mean, -8.1213, 0.005);
  EXPECT_THROW(truncated_normal(w, 0, 1, 2, 1), ValueError);
  EXPECT_THROW(truncated_normal(w, 0, 0), ValueError);
  EXPECT_THROW(truncated_normal(w, 0, 1, 50, 60), ValueError);
}

/// The largest difference between m m^T, for rows m, and gain^2 on its diagonal.
double off_orthogonal(const Tensor& w, int64_t rows, int64_t columns, bool turned, double gain) {
  const Tensor m = reshape(w, {rows, columns}), t = transpose(m, 0, 1);
  return testing::largest_difference(turned ? matmul(t, m) : matmul(m, t),
                                     gain * gain * eye(turned ? columns : rows, w.dtype()));
}

TEST(Init, OrthogonalMatricesAre) {
  Tensor wide = zeros({7, 2, 3, 5}, DType::f64), tall = zeros({90, 31}, DType::f64);
  Tensor square = zeros({64, 64}, DType::f64), one = zeros({1, 1}, DType::f64);
  orthogonal(wide, 2);
  EXPECT_LT(off_orthogonal(wide, 7, 30, false, 2), 1e-13);
  orthogonal(tall);
  EXPECT_LT(off_orthogonal(tall, 90, 31, true, 1), 1e-13);
  orthogonal(square, 0.5);
  EXPECT_LT(off_orthogonal(square, 64, 64, false, 0.5), 1e-13);
  EXPECT_LT(off_orthogonal(square, 64, 64, true, 0.5), 1e-13);
  orthogonal(one);
  EXPECT_NEAR(std::abs(one.item<double>()), 1, 1e-15);
  // Uniform over all: each entry has mean 0 and variance 1 / n.
  const Statistics s = statistics(square * 2);
  EXPECT_NEAR(s.mean, 0, 0.01);
  EXPECT_NEAR(s.stddev, 0.125, 1e-3);
  Tensor vector = zeros({3}), none = zeros({0, 3});
  EXPECT_THROW(orthogonal(vector), ShapeError);
  orthogonal(none);
}

TEST(Init, SparseColumnsHaveTheirZeros) {
  Tensor w = zeros({101, 400});
  sparse(w, 0.25, 0.5);
  const auto v = w.to_vector<double>();
  double squares = 0;
  for (size_t c = 0; c < 400; ++c) {
    int zero = 0;
    for (size_t r = 0; r < 101; ++r) {
      zero += v[r * 400 + c] == 0;
      squares += v[r * 400 + c] * v[r * 400 + c];
    }
    EXPECT_EQ(zero, 26);
  }
  EXPECT_NEAR(std::sqrt(squares / (400 * 75)), 0.5, 0.01);
  Tensor k = zeros(kConv);
  EXPECT_THROW(sparse(k, 0.5), ShapeError);
  EXPECT_THROW(sparse(w, 1.5), ValueError);
}

TEST(Init, EyeAndDirac) {
  Tensor w = full({2, 3}, 9);
  eye(w);
  EXPECT_EQ(w.to_vector<float>(), std::vector<float>({1, 0, 0, 0, 1, 0}));
  Tensor k = full({4, 3, 2}, 9);  // one kernel axis, two groups
  dirac(k, 2);
  std::vector<float> wanted(24);
  for (const size_t i : {2u, 9u, 14u, 21u}) wanted[i] = 1;
  EXPECT_EQ(k.to_vector<float>(), wanted);
  EXPECT_THROW(dirac(k, 3), ValueError);
  EXPECT_THROW(dirac(w), ShapeError);
  EXPECT_THROW(eye(k), ShapeError);
}

TEST(Init, ByName) {
  for (const std::string& name : names()) {
    Generator a(4);
    Tensor w = full(name == "eye" || name == "sparse" ? kLinear : kConv, 77);
    by_name(name, w, a);
    EXPECT_LT(statistics(w).high, 10) << name;
    Tensor meta = empty(w.shape(), DType::f32, kMeta);
    by_name(name, meta, a);
  }
  Tensor w = zeros(kConv);
  by_name("textbook_xavier", w);
  expect_uniform(w, 1 / std::sqrt(750.0));
  by_name("textbook_he", w);
  expect_uniform(w, 2 / std::sqrt(750.0));
  by_name("xavier_uniform", w);
  expect_uniform(w, std::sqrt(6.0 / (750 + 960)));
  by_name("he_uniform", w);
  expect_uniform(w, std::sqrt(6.0 / 750));
  by_name("he_normal", w);
  expect_normal(w, std::sqrt(2.0 / 750));
  EXPECT_THROW(by_name("xavier", w), ValueError);
}

TEST(Init, UnwrittenScopeDrawsNothingButAdvances) {
  Generator drawn(3), skipped(3);
  Tensor w = zeros({4, 4});
  {
    const UnwrittenScope scope;
    uniform(w, 1, 2, skipped);
    normal(w, 5, 1, skipped);
  }
  EXPECT_EQ(w.to_vector<float>(), std::vector<float>(16, 0.0f));
  uniform(w, 1, 2, drawn);
  normal(w, 5, 1, drawn);
  EXPECT_EQ(drawn.stream, skipped.stream);
  EXPECT_NE(w.to_vector<float>(), std::vector<float>(16, 0.0f));
}

}  // namespace
}  // namespace strata::nn::init
