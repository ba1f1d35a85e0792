// What is drawn: moments and distribution functions with fixed seeds, gradients of draws, threads.
#include "tests/distributions/draws.h"

#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/distributions/bernoulli.h"
#include "strata/distributions/categorical.h"
#include "strata/distributions/dirichlet.h"
#include "strata/distributions/exponential.h"
#include "strata/distributions/gamma.h"
#include "strata/distributions/geometric.h"
#include "strata/distributions/gumbel.h"
#include "strata/distributions/independent.h"
#include "strata/distributions/laplace.h"
#include "strata/distributions/mixture.h"
#include "strata/distributions/multivariate_normal.h"
#include "strata/distributions/normal.h"
#include "strata/distributions/poisson.h"
#include "strata/distributions/relaxed_categorical.h"
#include "strata/distributions/student_t.h"
#include "strata/distributions/uniform.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/reduce.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::distributions {
namespace {

using testing::expect_function;
using testing::expect_moments;
using testing::kCount;
using testing::pearson;
using testing::probabilities;
using testing::smirnov;

TEST(DistributionDraws, FollowTheirFunctions) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const Tensor a = full({}, 0.7, dtype), b = full({}, 2.5, dtype);
    expect_function("normal", Normal(a, b));
    expect_function("log_normal", LogNormal(a, b));
    expect_function("laplace", Laplace(a, b));
    expect_function("gumbel", Gumbel(a, b));
    expect_function("uniform", Uniform(a, b));
    expect_function("exponential", Exponential(b));
    expect_function("mixture", MixtureSameFamily(Categorical({.probs = full({2}, 0.5, dtype)}),
                                                 Normal(linspace(-1, 1, 2, dtype), 0.5)));
  }
}

TEST(DistributionDraws, HaveTheirMoments) {
  const Tensor a = tensor({0.7, 1.5, 4.0}), b = tensor({2.5, 0.3}), row = unsqueeze(a, -1);
  expect_moments("normal", Normal(row, b));
  expect_moments("laplace", Laplace(row, b), 6);
  expect_moments("gumbel", Gumbel(row, b), 5.4);
  expect_moments("uniform", Uniform(row, row + b), 1.8);
  expect_moments("exponential", Exponential(a), 9);
  expect_moments("gamma", Gamma(row, b), 3 + 6 / 0.7);
  expect_moments("beta", Beta(row, b));
  expect_moments("dirichlet", Dirichlet(tensor({0.7, 1.5, 4.0, 2.5, 0.3, 20.0}, {2, 3})));
  expect_moments("poisson", Poisson(row * tensor({1.0, 30.0})), 3 + 1 / 0.7);
  expect_moments("geometric", Geometric({.probs = b / 3}), 10);
  expect_moments("bernoulli", Bernoulli({.probs = b / 3}));
  expect_moments("student_t", StudentT(row + 8, 2, b), 4.5);
  expect_moments("one_hot", OneHotCategorical({.probs = tensor({0.2, 0.5, 0.3})}));
  expect_moments("independent", Independent(Normal(row, b), 1));
  expect_moments("mixture", MixtureSameFamily(Categorical({.probs = a}), Normal(a, 0.5)));
}

TEST(DistributionDraws, GammaFollowsItsFunction) {
  const auto draws = [](double concentration, DType dtype) {
    Generator generator(3);
    return Gamma(full({}, concentration, dtype), 2).sample({kCount}, generator) * 2;
  };
  for (const DType dtype : {DType::f32, DType::f64}) {
    EXPECT_LT(smirnov(erf(sqrt(draws(0.5, dtype)))), 1.95);
    EXPECT_LT(smirnov(-expm1(-draws(1, dtype))), 1.95);
    const Tensor x = draws(3, dtype);
    EXPECT_LT(smirnov(1 - exp(-x) * (1 + x + square(x) / 2)), 1.95);
    // For large concentrations the cube root of x / a is nearly normal (Wilson and Hilferty, 1931).
    for (const double a : {300.0, 1e6, 1e12}) {
      const Tensor u =
          (pow(draws(a, DType::f64) / a, 1.0 / 3) - (1 - 1 / (9 * a))) * std::sqrt(9 * a);
      EXPECT_LT(smirnov(Normal(0, 1).cdf(u)), 1.95) << a;
    }
  }
}

TEST(DistributionDraws, BetaFollowsItsFunctionForTinyConcentrations) {
  const auto draws = [](double a, double b, DType dtype) {
    Generator generator(4);
    return Beta(full({}, a, dtype), b).sample({kCount}, generator);
  };
  EXPECT_LT(smirnov(pow(draws(0.05, 1, DType::f64), 0.05)), 1.95);
  for (const DType dtype : {DType::f32, DType::f64}) {
    const Tensor arcsine = asin(sqrt(draws(0.5, 0.5, dtype))) * (2 / std::numbers::pi);
    EXPECT_LT(smirnov(arcsine), 1.95);
    const Tensor x = draws(1e-3, 2e-3, dtype);  // nearly always at one of the ends
    EXPECT_NEAR(mean(x).item<double>(), 1.0 / 3, 0.01);
    EXPECT_GT(min(x).item<double>(), 0);
    EXPECT_LT(max(x).item<double>(), 1);
    EXPECT_TRUE(all(isfinite(Beta(1e-3, 2e-3).log_prob(x))).item<bool>());
  }
}

TEST(DistributionDraws, DirichletSumsToOneForTinyConcentrations) {
  Generator generator(5);
  const Tensor c = tensor({1e-4F, 2e-4F, 5e-4F});
  const Tensor x = Dirichlet(c).sample({kCount}, generator);
  EXPECT_LT(max(abs(sum(x, {-1}) - 1)).item<double>(), 1e-6);
  const auto means = mean(x, {0}).to_vector<double>();
  for (size_t i = 0; i < 3; ++i) {
    const double p = std::vector{0.125, 0.25, 0.625}[i];
    EXPECT_NEAR(means[i], p, 4 * std::sqrt(p * (1 - p) / kCount));
  }
}

TEST(DistributionDraws, CountsFollowTheirProbabilities) {
  Generator generator(8);
  for (const double rate : {0.2, 3.0, 9.99, 10.0, 12.5, 80.0, 1000.0}) {
    const Poisson d(full({}, rate, DType::f64));
    const int bins = static_cast<int>(rate + 8 * std::sqrt(rate) + 8);
    EXPECT_LT(std::abs(pearson(d.sample({kCount}, generator), probabilities(d, bins))), 3.5)
        << rate;
  }
  for (const double p : {0.02, 0.5, 0.9}) {
    const Geometric d({.probs = full({}, p, DType::f64)});
    EXPECT_LT(std::abs(pearson(d.sample({kCount}, generator), probabilities(d, 500))), 3.5) << p;
  }
  const std::vector<double> p = {0.1, 0.0, 0.25, 0.6, 0.05, 0.0};
  const Categorical d({.probs = tensor(p, {6}) * 7});
  const Tensor classes = d.sample({kCount}, generator);
  EXPECT_LT(std::abs(pearson(classes, p)), 3.5);
  EXPECT_FALSE(any(classes == 1).item<bool>() || any(classes == 5).item<bool>());
}

TEST(DistributionDraws, CategoricalBatches) {
  Generator generator(9);
  const Tensor logits = randn({3, 1, 70}, 0, 2, DType::f32, kCpu, generator);
  const Tensor x = Categorical({.logits = logits}).sample({100, 200}, generator);
  EXPECT_EQ(describe(x), "i64[100, 200, 3, 1]");
  for (int row = 0; row < 3; ++row) {
    const Tensor p = Categorical({.logits = select(logits, 0, row)}).probs();
    EXPECT_LT(std::abs(pearson(select(x, 2, row), p.to_vector<double>())), 3.5) << row;
  }
}

TEST(DistributionDraws, MultivariateNormalHasItsCovariance) {
  const Tensor tril = tensor({1.0, 0.0, 0.0, -0.5, 0.7, 0.0, 2.0, 0.1, 0.4}, {3, 3});
  const Tensor batch = unsqueeze(unsqueeze(tensor({1.0, 3.0}), -1), -1) * tril;
  Generator generator(6);
  for (const Tensor& scale : {tril, batch}) {
    const MultivariateNormal d(tensor({1.0, -1.0, 0.5}), {.scale_tril = scale});
    const Tensor x = d.sample({kCount}, generator) - d.mean();
    const Tensor products = mean(unsqueeze(x, -1) * unsqueeze(x, -2), {0});
    const Tensor error = abs(products - d.covariance()) / max(d.covariance());
    EXPECT_LT(max(error).item<double>(), 0.04);
    EXPECT_LT(max(abs(mean(x, {0}) / d.stddev())).item<double>(), 0.02);
  }
}

TEST(DistributionDraws, GumbelSoftmaxChoosesByProbability) {
  Generator generator(2), same(2);
  const std::vector<double> p = {0.2, 0.5, 0.3};
  const Tensor logits = expand(log(tensor(p, {3})), {kCount, 3});
  const Tensor hard = gumbel_softmax(logits, 0.5, true, -1, generator);
  EXPECT_TRUE(all(logical_or(hard == 0, hard == 1)).item<bool>());
  EXPECT_TRUE(all(sum(hard, {-1}) == 1).item<bool>());
  const auto shares = mean(hard, {0}).to_vector<double>();
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(shares[i], p[i], 0.01);

  const Tensor soft = gumbel_softmax(logits, 0.5, false, -1, same);
  EXPECT_LT(max(abs(sum(soft, {-1}) - 1)).item<double>(), 1e-12);
  EXPECT_TRUE(all((hard == 1) == (soft == amax(soft, {-1}, true))).item<bool>());
  EXPECT_EQ(gumbel_softmax(randn({4, 3, 2}), 1, true, 1).shape(), (Shape{4, 3, 2}));
}

TEST(DistributionDraws, GumbelSoftmaxHasTheGradientOfItsSoftmax) {
  const auto gradient = [](bool hard) {
    Generator generator(2);
    Tensor logits = full({6, 4}, 0.3, DType::f64).set_requires_grad();
    backward(sum(gumbel_softmax(logits, 0.7, hard, 0, generator) *
                 reshape(arange(0, 24, 1, DType::f64), {6, 4})));
    return logits.grad().to_vector<double>();
  };
  const auto soft = gradient(false);
  EXPECT_EQ(gradient(true), soft);
  EXPECT_GT(std::abs(soft[0]), 1e-3);
}

}  // namespace
}  // namespace strata::distributions
