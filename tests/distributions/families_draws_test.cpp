// What is drawn from the families of families_test.cpp, and the gradients of draws.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/parallel.h"
#include "strata/distributions/binomial.h"
#include "strata/distributions/cauchy.h"
#include "strata/distributions/continuous_bernoulli.h"
#include "strata/distributions/fisher_snedecor.h"
#include "strata/distributions/gamma.h"
#include "strata/distributions/half_normal.h"
#include "strata/distributions/inverse_gamma.h"
#include "strata/distributions/kumaraswamy.h"
#include "strata/distributions/lkj_cholesky.h"
#include "strata/distributions/logistic_normal.h"
#include "strata/distributions/low_rank_multivariate_normal.h"
#include "strata/distributions/multinomial.h"
#include "strata/distributions/normal.h"
#include "strata/distributions/pareto.h"
#include "strata/distributions/relaxed_bernoulli.h"
#include "strata/distributions/transformed.h"
#include "strata/distributions/transforms.h"
#include "strata/distributions/von_mises.h"
#include "strata/distributions/weibull.h"
#include "strata/distributions/wishart.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "tests/distributions/draws.h"

namespace strata::distributions {
namespace {

using testing::expect_function;
using testing::expect_moments;
using testing::kCount;
using testing::pearson;
using testing::probabilities;
using testing::smirnov;

TEST(FamilyDraws, FollowTheirFunctions) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const Tensor a = full({}, 0.7, dtype), b = full({}, 2.5, dtype);
    expect_function("cauchy", Cauchy(a, b));
    expect_function("half_cauchy", HalfCauchy(b));
    expect_function("half_normal", HalfNormal(b));
    expect_function("gamma", Gamma(a, b));
    expect_function("gamma of a large concentration", Gamma(a * 1e5, b));
    expect_function("chi2", Chi2(b));
    expect_function("inverse_gamma", InverseGamma(a, b));
    expect_function("weibull", Weibull(a, b));
    expect_function("pareto", Pareto(a, b));
    for (const double c : {-0.4, 0.0, 0.8}) {
      expect_function("generalized_pareto", GeneralizedPareto(a, b, c));
    }
    expect_function("kumaraswamy", Kumaraswamy(a, b));
    for (const double p : {0.02, 0.5, 0.9}) {
      expect_function("continuous_bernoulli", ContinuousBernoulli({.probs = full({}, p, dtype)}));
    }
  }
}

TEST(FamilyDraws, HaveTheirMoments) {
  const Tensor a = tensor({0.7, 1.5, 4.0}), b = tensor({2.5, 0.3}), row = unsqueeze(a, -1);
  expect_moments("half_normal", HalfNormal(a), 4);
  expect_moments("inverse_gamma", InverseGamma(row + 6, b), 12);
  expect_moments("fisher_snedecor", FisherSnedecor(row, b + 14), 60);
  expect_moments("weibull", Weibull(row, b + 1), 10);
  expect_moments("pareto", Pareto(row, b + 6), 40);
  expect_moments("kumaraswamy", Kumaraswamy(row, b));
  expect_moments("binomial", Binomial(round(row * 30), {.probs = b / 3}));
  expect_moments("negative_binomial", NegativeBinomial(row, {.probs = b / 3}), 15);
  expect_moments("multinomial", Multinomial(50, {.probs = row}), 4);
  expect_moments("low_rank", LowRankMultivariateNormal(a, ones({3, 2}, DType::f64), a));
  const Tensor tril = tensor({1.0, 0.0, -0.5, 0.7}, {2, 2});
  expect_moments("wishart", Wishart(a + 2, {.scale_tril = tril}), 12);
}

TEST(FamilyDraws, BinomialFollowsItsProbabilities) {
  Generator generator(8);
  for (const double n : {1.0, 7.0, 40.0, 300.0, 5000.0}) {
    for (const double p : {0.001, 0.1, 0.3, 0.5, 0.75, 0.999}) {
      const Binomial d(full({}, n, DType::f64), {.probs = full({}, p, DType::f64)});
      const Tensor k = d.sample({kCount}, generator);
      EXPECT_GE(min(k).item<double>(), 0);
      EXPECT_LE(max(k).item<double>(), n);
      const auto probs = exp(d.log_prob(arange(0, n + 1, 1, DType::f64))).to_vector<double>();
      EXPECT_LT(pearson(k, probs), 3.5) << n << " " << p;
    }
  }
  // So many draws that the last digits of the acceptance show, where the rejection begins.
  const Binomial few(full({}, 40, DType::f64), {.probs = full({}, 0.3, DType::f64)});
  const auto probs = exp(few.log_prob(arange(0, 41, 1, DType::f64))).to_vector<double>();
  EXPECT_LT(pearson(few.sample({2000000}, generator), probs), 3.5);
  // Of very many trials: nearly normal, all but for the steps.
  const double n = 1e12, p = 0.3;
  const Tensor k = Binomial(full({}, n, DType::f64), {.probs = full({}, p, DType::f64)})
                       .sample({kCount}, generator);
  EXPECT_LT(smirnov(Normal(0, 1).cdf((k - n * p) / std::sqrt(n * p * (1 - p)))), 1.95);
}

TEST(FamilyDraws, NegativeBinomialFollowsItsProbabilities) {
  Generator generator(9);
  for (const double n : {0.3, 4.0, 60.0}) {
    for (const double p : {0.02, 0.5, 0.9}) {
      const NegativeBinomial d(full({}, n, DType::f64), {.probs = full({}, p, DType::f64)});
      EXPECT_LT(std::abs(pearson(d.sample({kCount}, generator), probabilities(d, 2000))), 3.5)
          << n << " " << p;
    }
  }
  EXPECT_EQ(max(NegativeBinomial(0, {.probs = 0.5}).sample({100})).item<double>(), 0);
}

TEST(FamilyDraws, MultinomialCountsAllTrials) {
  Generator generator(10);
  const Tensor p = tensor({0.0, 0.2, 0.5, 0.0, 0.3, 0.0});
  const Tensor x = Multinomial(23, {.probs = p}).sample({kCount}, generator);
  EXPECT_TRUE(all(sum(x, {-1}) == 23).item<bool>());
  EXPECT_EQ(sum(select(x, -1, 0) + select(x, -1, 3) + select(x, -1, 5)).item<double>(), 0);
  for (const int i : {1, 2, 4}) {
    const Binomial each(23, {.probs = select(p, -1, i)});
    EXPECT_LT(std::abs(pearson(select(x, -1, i), probabilities(each, 24))), 3.5) << i;
  }
  // Of two classes, one has what the other has not: covariance -n p q.
  const Tensor d = x - mean(x, {0});
  EXPECT_NEAR(mean(select(d, -1, 1) * select(d, -1, 2)).item<double>(), -23 * 0.1, 0.06);
}

/// The distribution function of VonMises(0, k) at x, by summing its density over a fine grid.
Tensor circular_cdf(const Tensor& x, double k) {
  constexpr int kSteps = 20000;
  // Beyond ten standard deviations there is nothing.
  const double most = std::min(std::numbers::pi, 10 / std::sqrt(k));
  const Tensor grid = linspace(-most, most, kSteps + 1, DType::f64);
  const Tensor density = exp(VonMises(scalar(0.0), k).log_prob(grid));
  const double step = 2 * most / kSteps;
  const auto f = density.to_vector<double>();
  std::vector<double> total = {0};
  for (int i = 0; i < kSteps; ++i) total.push_back(total.back() + step * (f[i] + f[i + 1]) / 2);
  std::vector<double> out;
  for (const double v : x.to_vector<double>()) {
    const double place = std::clamp((v + most) / step, 0.0, kSteps - 1e-9);
    const auto i = static_cast<size_t>(place);
    out.push_back(total[i] + (total[i + 1] - total[i]) * (place - std::floor(place)));
  }
  EXPECT_NEAR(total.back(), 1, 1e-6) << k;
  return tensor(out, {static_cast<int64_t>(out.size())});
}

TEST(FamilyDraws, VonMisesFollowsItsFunction) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const double k : {1e-8, 0.01, 0.5, 1.0, 4.0, 100.0, 1e6, 1e10}) {
      Generator generator(12);
      const VonMises d(full({}, 0, dtype), full({}, k, dtype));
      EXPECT_LT(smirnov(circular_cdf(d.sample({kCount}, generator), k)), 1.95) << k;
    }
  }
  Generator generator(13);
  // From some concentration on it is the normal distribution.
  const Tensor narrow = VonMises(scalar(0.0), 1e28).sample({kCount}, generator);
  EXPECT_LT(smirnov(Normal(0, 1).cdf(narrow * 1e14)), 1.95);
  const Tensor x = VonMises(scalar(3.0), 2).sample({kCount}, generator);
  EXPECT_GE(min(x).item<double>(), -std::numbers::pi);
  EXPECT_LT(max(x).item<double>(), std::numbers::pi);
  EXPECT_NEAR(std::atan2(mean(sin(x)).item<double>(), mean(cos(x)).item<double>()), 3, 0.01);
}

TEST(FamilyDraws, RelaxedBernoulliIsTheSigmoidOfItsLogit) {
  Generator generator(14), same(14);
  const Tensor p = full({}, 0.3, DType::f64);
  const Tensor x = LogitRelaxedBernoulli(0.5, {.probs = p}).sample({kCount}, generator);
  // The noise is logistic: its distribution function is the sigmoid.
  EXPECT_LT(smirnov(sigmoid(0.5 * x - std::log(0.3 / 0.7))), 1.95);
  const Tensor y = RelaxedBernoulli(0.5, {.probs = p}).sample({kCount}, same);
  EXPECT_LT(max(abs(y - sigmoid(x))).item<double>(), 1e-12);
  EXPECT_NEAR(mean(cast(y > 0.5, DType::f64)).item<double>(), 0.3, 0.01);
}

TEST(FamilyDraws, LogisticNormalSumsToOne) {
  Generator generator(15), same(15);
  const Tensor loc = tensor({0.5, -1.0, 0.2}), scale = tensor({0.3, 1.0, 2.0});
  const LogisticNormal d(loc, scale);
  EXPECT_EQ(d.event_shape(), (Shape{4}));
  const Tensor y = d.sample({kCount}, generator);
  EXPECT_EQ(y.shape(), (Shape{kCount, 4}));
  EXPECT_LT(max(abs(sum(y, {-1}) - 1)).item<double>(), 1e-12);
  const Transformed same_draws(Normal(loc, scale), StickBreaking());
  EXPECT_EQ(same_draws.event_shape(), (Shape{4}));
  EXPECT_EQ(same_draws.sample({kCount}, same).to_vector<double>(), y.to_vector<double>());
  const auto got = same_draws.log_prob(slice(y, 0, 0, 50)).to_vector<double>();
  const auto wanted = d.log_prob(slice(y, 0, 0, 50)).to_vector<double>();
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-9);
  EXPECT_EQ(LogisticNormal(0, 1).sample({7}).shape(), (Shape{7, 2}));
}

TEST(FamilyDraws, LkjCorrelationsHaveTheirSpread) {
  for (const int64_t n : {2, 3, 5}) {
    for (const double c : {0.5, 1.0, 3.0}) {
      Generator generator(16);
      const LKJCholesky d(n, scalar(c));
      const Tensor l = d.sample({kCount}, generator);
      EXPECT_TRUE(all(isfinite(d.log_prob(l))).item<bool>());
      const Tensor r = matmul(l, transpose(l, -2, -1));
      // Each (r + 1) / 2 is of Beta(a, a) for a = c - 1 + n / 2.
      const double a = c - 1 + static_cast<double>(n) / 2, spread = 1 / (2 * a + 1);
      for (const double x : mean(square(r), {0}).to_vector<double>()) {
        EXPECT_TRUE(std::abs(x - 1) < 1e-9 || std::abs(x - spread) < 0.01) << n << " " << c << x;
      }
    }
  }
}

TEST(FamilyDraws, MapsWithoutDensitiesDraw) {
  Generator generator(17), same(17);
  const Normal normal(zeros({3}, DType::f64), 2);
  const Tensor x = Transformed(normal, Abs()).sample({50}, generator);
  EXPECT_EQ(x.to_vector<double>(), abs(normal.sample({50}, same)).to_vector<double>());
  EXPECT_EQ(Transformed(normal, Softmax()).event_shape(), (Shape{3}));
}

/// d sum(draws) / da beside the difference of draws with the same noise, for two parameters.
template <class Make>
void expect_slopes(const char* name, Make make, double first, double second) {
  constexpr double kStep = 1e-6;
  const auto draws = [&](const Tensor& a, const Tensor& b) {
    Generator generator(18);
    return make(a, b).rsample({200}, generator);
  };
  Tensor a = full({}, first, DType::f64).set_requires_grad();
  Tensor b = full({}, second, DType::f64).set_requires_grad();
  backward(sum(draws(a, b)));
  const auto total = [&](double da, double db) {
    return sum(draws(scalar(first + da), scalar(second + db))).template item<double>();
  };
  const double by_a = (total(kStep, 0) - total(-kStep, 0)) / (2 * kStep);
  const double by_b = (total(0, kStep) - total(0, -kStep)) / (2 * kStep);
  if (a.grad().defined()) {
    EXPECT_NEAR(a.grad().item<double>(), by_a, 1e-5 * (1 + std::abs(by_a))) << name;
  }
  EXPECT_NEAR(b.grad().item<double>(), by_b, 1e-5 * (1 + std::abs(by_b))) << name;
}

TEST(FamilyDraws, HaveTheGradientsOfTheirFormulas) {
  using T = const Tensor&;
  expect_slopes(
      "cauchy", [](T a, T b) { return Cauchy(a, b); }, 0.5, 2);
  expect_slopes(
      "half_cauchy", [](T, T b) { return HalfCauchy(b); }, 0.5, 2);
  expect_slopes(
      "half_normal", [](T, T b) { return HalfNormal(b); }, 0.5, 2);
  expect_slopes(
      "inverse_gamma", [](T, T b) { return InverseGamma(3.0, b); }, 0.5, 2);
  expect_slopes(
      "weibull", [](T a, T b) { return Weibull(a, b); }, 0.5, 2);
  expect_slopes(
      "pareto", [](T a, T b) { return Pareto(a, b); }, 0.5, 4);
  expect_slopes(
      "generalized", [](T a, T b) { return GeneralizedPareto(a, 2, b); }, 0.5, 0.2);
  expect_slopes(
      "kumaraswamy", [](T a, T b) { return Kumaraswamy(a, b); }, 0.5, 2);
  expect_slopes(
      "bits", [](T, T b) { return ContinuousBernoulli({.probs = b}); }, 0.5, 0.2);
  expect_slopes(
      "relaxed", [](T a, T b) { return RelaxedBernoulli(a, {.logits = b}); }, 0.5, 0.7);
}

TEST(FamilyDraws, GammaRatiosHaveTheirImplicitGradient) {
  Generator generator(19);
  Tensor df2 = full({}, 12, DType::f64).set_requires_grad();
  Tensor df1 = full({}, 3, DType::f64).set_requires_grad();
  backward(mean(FisherSnedecor(df1, df2).rsample({100000}, generator)));  // of df2 / (df2 - 2)
  EXPECT_NEAR(df2.grad().item<double>(), -0.02, 0.001);
  EXPECT_NEAR(df1.grad().item<double>(), 0, 0.005);
  Tensor df = full({}, 5, DType::f64).set_requires_grad();
  backward(mean(Chi2(df).rsample({100000}, generator)));
  EXPECT_NEAR(df.grad().item<double>(), 1, 0.01);
  df.set_grad({});
  const Wishart wishart(df, {.scale_tril = eye(2, DType::f64)});
  backward(mean(wishart.rsample({100000}, generator)));  // of df on the diagonal, 0 beside it
  EXPECT_NEAR(df.grad().item<double>(), 0.5, 0.01);
}

TEST(FamilyDraws, SamplesHaveNoGradientAndAreTheSameDraws) {
  Tensor a = full({3}, 0.7, DType::f64).set_requires_grad();
  const auto check = [](const char* name, const auto& d) {
    Generator generator(5), same(5);
    const Tensor x = d.sample({4}, generator), y = d.rsample({4}, same);
    EXPECT_FALSE(x.requires_grad()) << name;
    EXPECT_TRUE(y.requires_grad()) << name;
    EXPECT_EQ(x.to_vector<double>(), y.template to_vector<double>()) << name;
  };
  check("cauchy", Cauchy(a, a));
  check("half_cauchy", HalfCauchy(a));
  check("half_normal", HalfNormal(a));
  check("chi2", Chi2(a));
  check("inverse_gamma", InverseGamma(a, a));
  check("fisher_snedecor", FisherSnedecor(a, a));
  check("weibull", Weibull(a, a));
  check("pareto", Pareto(a, a));
  check("generalized_pareto", GeneralizedPareto(a, a, a));
  check("kumaraswamy", Kumaraswamy(a, a));
  check("continuous_bernoulli", ContinuousBernoulli({.probs = a}));
  check("relaxed_bernoulli", RelaxedBernoulli(a, {.probs = a}));
  check("logistic_normal", LogisticNormal(a, a));
  check("low_rank", LowRankMultivariateNormal(a, unsqueeze(a, -1), a));
  check("wishart", Wishart(a + 2, {.scale_tril = eye(3, DType::f64)}));
  EXPECT_FALSE(Binomial(3, {.probs = a}).sample().requires_grad());
  EXPECT_FALSE(NegativeBinomial(a, {.probs = a}).sample().requires_grad());
  EXPECT_FALSE(Multinomial(3, {.probs = a}).sample().requires_grad());
  EXPECT_FALSE(VonMises(a, a).sample().requires_grad());
  EXPECT_FALSE(LKJCholesky(3, a).sample().requires_grad());
}

TEST(FamilyDraws, SameBitsOnAnyNumberOfThreads) {
  const Tensor a = rand({3, 1}, 0.2, 3), b = rand({5}, 0.2, 3), c = rand({5, 4}, 0.1, 2);
  const auto all = [&] {
    Generator g(31);
    const Shape n = {701};
    std::vector<float> out;
    for (const Tensor& x : {Binomial(round(a * 90), {.probs = b / 4}).sample(n, g),
                            NegativeBinomial(a, {.probs = b / 4}).sample(n, g),
                            Multinomial(40, {.probs = c}).sample(n, g), VonMises(a, b).sample(n, g),
                            Cauchy(a, b).sample(n, g), FisherSnedecor(a, b).sample(n, g)}) {
      for (const float v : x.to_vector<float>()) out.push_back(v);
    }
    return out;
  };
  const int before = thread_count();
  std::vector<std::vector<float>> seen;
  for (const int threads : {1, 2, 3, 4}) {
    set_thread_count(threads);
    seen.push_back(all());
  }
  set_thread_count(before);
  for (const auto& run : seen) EXPECT_EQ(run, seen[0]);
}

}  // namespace
}  // namespace strata::distributions
