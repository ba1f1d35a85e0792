// kl_divergence beside PyTorch's: tools/golden/distribution_divergences.py has the same cases.
#include "strata/distributions/divergences.h"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/distributions/binomial.h"
#include "strata/distributions/cauchy.h"
#include "strata/distributions/half_normal.h"
#include "strata/distributions/inverse_gamma.h"
#include "strata/distributions/logistic_normal.h"
#include "strata/distributions/low_rank_multivariate_normal.h"
#include "strata/distributions/wishart.h"
#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/unary.h"
#include "tests/distributions/reference.h"

namespace strata::distributions {
namespace {

using opcases::Input;
using opcases::OpCase;
using In = std::span<const Tensor>;

constexpr const char* kDump = "distribution_divergences.safetensors";
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const Shape kA = {3, 1}, kB = {5}, kP = {3, 5};
const Input kLeft = {kA, 0.05, 0.45};

/// A lower triangular matrix with a positive diagonal.
Tensor triangular(const Tensor& m) {
  const Tensor unit = eye(m.size(-1), m.dtype(), m.device());
  return tril(m, -1) + unit * (abs(m) + 0.5);
}

/// From the numbers at `i` on.
template <class D>
struct Make {
  static constexpr int inputs = 2;
  D operator()(In x, int i) const { return D(x[i], x[i + 1]); }
};
template <class D>
requires std::same_as<D, Exponential> || std::same_as<D, Poisson> || std::same_as<D, Chi2> ||
    std::same_as<D, HalfCauchy> || std::same_as<D, HalfNormal>
struct Make<D> {
  static constexpr int inputs = 1;
  D operator()(In x, int i) const { return D(x[i]); }
};
template <>
struct Make<ContinuousBernoulli> {
  static constexpr int inputs = 1;
  ContinuousBernoulli operator()(In x, int i) const { return ContinuousBernoulli({.probs = x[i]}); }
};
template <>
struct Make<Bernoulli> {
  static constexpr int inputs = 1;
  Bernoulli operator()(In x, int i) const { return Bernoulli({.probs = x[i]}); }
};
template <>
struct Make<Binomial> {
  static constexpr int inputs = 1;
  Binomial operator()(In x, int i) const { return Binomial(7, {.logits = x[i]}); }
};
template <>
struct Make<Wishart> {
  static constexpr int inputs = 2;
  Wishart operator()(In x, int i) const {
    return Wishart(x[i], {.scale_tril = triangular(x[i + 1])});
  }
};
template <>
struct Make<MultivariateNormal> {
  static constexpr int inputs = 2;
  MultivariateNormal operator()(In x, int i) const {
    return MultivariateNormal(x[i], {.scale_tril = triangular(x[i + 1])});
  }
};
template <>
struct Make<LowRankMultivariateNormal> {
  static constexpr int inputs = 3;
  LowRankMultivariateNormal operator()(In x, int i) const {
    return LowRankMultivariateNormal(x[i], x[i + 1], x[i + 2]);
  }
};

template <class P, class Q = P>
OpCase divergence(const char* name, std::vector<Input> inputs) {
  return {name, std::move(inputs), [](In x) -> std::vector<Tensor> {
            return {kl_divergence(Make<P>()(x, 0), Make<Q>()(x, Make<P>::inputs))};
          }};
}

std::vector<OpCase> of_one_kind() {
  const Input far = {{2, 1, 1}, -2, 2}, scale = {kP, 0.3, 2}, rate = {{2, 1, 1}, 0.3, 3},
              rates = {kP, 0.3, 3};
  const std::vector<Input> low = {{{2, 1, 4}, -1, 1}, {{3, 4, 2}, -1, 1}, {{4}, 0.3, 2}};
  const std::vector<Input> normal = {{{2, 1, 4}, -1, 1}, {{3, 4, 4}, -1, 1}};
  const auto both = [](std::vector<Input> p, const std::vector<Input>& q) {
    p.insert(p.end(), q.begin(), q.end());
    return p;
  };
  return {
      divergence<Cauchy>("cauchy", {{kA, -2, 2}, {kB, 0.3, 2}, far, scale}),
      divergence<HalfCauchy>("half_cauchy", {{kA, 0.3, 2}, {kB, 0.3, 2}}),
      divergence<HalfNormal>("half_normal", {{kA, 0.3, 2}, {kB, 0.3, 2}}),
      divergence<Pareto>("pareto", {{kA, 2, 3}, {kB, 2.2, 5}, {{2, 1, 1}, 1, 2}, {kP, 2.2, 5}}),
      divergence<Chi2>("chi2", {{kA, 0.3, 7}, {kB, 0.3, 7}}),
      divergence<InverseGamma>("inverse_gamma", {{kA, 0.2, 5}, {kB, 0.3, 3}, rate, rates}),
      divergence<ContinuousBernoulli>("continuous_bernoulli", {kLeft, {kB, 0.55, 0.95}}),
      divergence<Binomial>("binomial", {{kA, -3, 3}, {kB, -3, 3}}),
      divergence<LogisticNormal>(
          "logistic_normal",
          {{{3, 1, 4}, -2, 2}, {{5, 4}, 0.3, 2}, {{4}, -2, 2}, {{5, 4}, 0.3, 2}}),
      divergence<Wishart>("wishart",
                          {{{2}, 4.2, 7}, {{3, 3}, -1, 1}, {{2}, 4.2, 7}, {{2, 3, 3}, -1, 1}}),
      divergence<LowRankMultivariateNormal>(
          "low_low", both(low, {{{3, 4}, -1, 1}, {{4, 3}, -1, 1}, {{2, 1, 4}, 0.3, 2}})),
      divergence<MultivariateNormal, LowRankMultivariateNormal>("mvn_low", both(normal, low)),
      divergence<LowRankMultivariateNormal, MultivariateNormal>("low_mvn", both(low, normal)),
  };
}

std::vector<OpCase> of_two_kinds() {
  const Input a = {kA, 0.6, 4}, b = {kB, 0.6, 4}, c = {kA, 0.2, 5}, d = {kB, 0.3, 3},
              rate = {kA, 0.3, 3}, rates = {kP, 0.3, 3}, loc = {kA, -2, 2}, scale = {kB, 0.3, 2},
              scales = {kP, 0.5, 2}, low = {kA, 0.05, 0.4}, high = {kB, 0.5, 0.95},
              base = {kA, 0.3, 1}, alpha = {kB, 2.2, 5}, left = {kP, 0.05, 0.45};
  const Input concentration = {{2, 1, 1}, 0.3, 3}, far = {{2, 1, 1}, -2, 2}, wide = {kP, 0.3, 2};
  return {
      divergence<Bernoulli, Poisson>("bernoulli_poisson", {{kA, 0.1, 0.9}, {kB, 0.3, 5}}),
      divergence<Beta, ContinuousBernoulli>("beta_bits", {a, b, left}),
      divergence<Beta, Exponential>("beta_exponential", {a, b, rates}),
      divergence<Beta, Gamma>("beta_gamma", {a, b, concentration, rates}),
      divergence<Beta, Normal>("beta_normal", {a, b, far, wide}),
      divergence<Beta, Uniform>("beta_uniform", {a, b, {kA, -2, -0.1}, {kB, 1.1, 3}}),
      divergence<ContinuousBernoulli, Exponential>("bits_exponential", {kLeft, d}),
      divergence<ContinuousBernoulli, Normal>("bits_normal", {kLeft, far, wide}),
      divergence<ContinuousBernoulli, Uniform>("bits_uniform",
                                               {kLeft, {kP, -2, -0.1}, {kB, 1.1, 3}}),
      divergence<Exponential, Gamma>("exponential_gamma", {rate, concentration, rates}),
      divergence<Exponential, Gumbel>("exponential_gumbel", {rate, loc, scales}),
      divergence<Exponential, Normal>("exponential_normal", {rate, loc, scales}),
      divergence<Gamma, Exponential>("gamma_exponential", {c, d, rates}),
      divergence<Gamma, Gumbel>("gamma_gumbel", {c, d, loc, scales}),
      divergence<Gamma, Normal>("gamma_normal", {c, d, loc, scales}),
      divergence<Gumbel, Normal>("gumbel_normal", {loc, scale, loc, scales}),
      divergence<Laplace, Normal>("laplace_normal", {loc, scale, loc, scales}),
      divergence<Normal, Gumbel>("normal_gumbel", {loc, scale, loc, scales}),
      divergence<Normal, Laplace>("normal_laplace", {loc, scale, loc, scales}),
      divergence<Pareto, Exponential>("pareto_exponential", {base, alpha, rates}),
      divergence<Pareto, Gamma>("pareto_gamma", {base, alpha, concentration, rates}),
      divergence<Pareto, Normal>("pareto_normal", {base, alpha, loc, scales}),
      divergence<Uniform, Beta>("uniform_beta", {low, high, concentration, rates}),
      divergence<Uniform, ContinuousBernoulli>("uniform_bits", {low, high, left}),
      divergence<Uniform, Exponential>("uniform_exponential", {low, high, rates}),
      divergence<Uniform, Gamma>("uniform_gamma", {low, high, concentration, rates}),
      divergence<Uniform, Gumbel>("uniform_gumbel", {low, high, loc, scales}),
      divergence<Uniform, Normal>("uniform_normal", {low, high, loc, scales}),
      divergence<Uniform, Pareto>("uniform_pareto",
                                  {{kA, 1, 2}, {kB, 3, 4}, {kP, 0.3, 0.9}, rates}),
  };
}

std::vector<OpCase> all_cases() {
  std::vector<OpCase> all = of_one_kind();
  for (OpCase& c : of_two_kinds()) all.push_back(std::move(c));
  return all;
}

TEST(Divergences, EqualPyTorchsInF64) {
  testing::expect_reference(all_cases(), kDump, DType::f64, 1e-9);
}

TEST(Divergences, EqualPyTorchsInF32) {
  testing::expect_reference(all_cases(), kDump, DType::f32, 1e-4);
}

TEST(Divergences, SecondOrderGradientsEqualCentralDifferences) {
  testing::expect_second_order(all_cases());
}

TEST(Divergences, MetaShapesEqualRealOnes) { testing::expect_meta_shapes(all_cases()); }

TEST(Divergences, AreInfiniteWherePHasWhatQHasNot) {
  const Tensor one = ones({3, 1}, DType::f64);
  const auto expect = [](const Tensor& divergence, const Shape& shape = {3, 1}) {
    EXPECT_EQ(divergence.shape(), shape);
    for (const double x : divergence.to_vector<double>()) EXPECT_EQ(x, kInfinity);
  };
  const Beta beta(one, 2);
  const ContinuousBernoulli bits({.probs = one / 4});
  const Pareto pareto(one, 2);
  const Uniform uniform(-one, 1);
  expect(kl_divergence(Normal(one, 1), beta));
  expect(kl_divergence(Laplace(one, 1), Gamma(ones({2}, DType::f64), 1)), {3, 2});
  expect(kl_divergence(Gumbel(one, 1), uniform));
  expect(kl_divergence(Exponential(one), bits));
  expect(kl_divergence(Gamma(one, 1), pareto));
  expect(kl_divergence(beta, pareto));
  expect(kl_divergence(pareto, uniform));
  expect(kl_divergence(Poisson(one), Binomial(one * 3, {.probs = 0.5})));
  expect(kl_divergence(uniform, beta));
  expect(kl_divergence(uniform, bits));
  expect(kl_divergence(uniform, Gamma(one, 1)));
  expect(kl_divergence(uniform, Exponential(one)));
  expect(kl_divergence(uniform, pareto));
  expect(kl_divergence(beta, Uniform(one / 2, 2)));
  expect(kl_divergence(Pareto(one, 1), Exponential(one)));
  expect(kl_divergence(Pareto(one, 2), Normal(one, 1)));
  expect(kl_divergence(pareto, Pareto(2 * one, 2)));
  expect(kl_divergence(Binomial(2 * one, {.probs = 0.5}), Binomial(one, {.probs = 0.5})));
}

TEST(Divergences, OfEqualEndsAreFinite) {
  const ContinuousBernoulli bits({.probs = scalar(0.3)});
  const double got = kl_divergence(bits, Uniform(0, scalar(1.0))).item<double>();
  EXPECT_NEAR(got, -bits.entropy().item<double>(), 1e-12);
  EXPECT_TRUE(std::isfinite(kl_divergence(Uniform(0, scalar(1.0)), bits).item<double>()));
}

TEST(Divergences, RefuseWhatHasNoClosedForm) {
  EXPECT_THROW(kl_divergence(Binomial(2, {.probs = 0.5}), Binomial(3, {.probs = 0.5})), ValueError);
  EXPECT_THROW(kl_divergence(LogisticNormal(zeros({2}), 1), LogisticNormal(zeros({3}), 1)),
               ShapeError);
  const Tensor two = zeros({2}), three = zeros({3});
  const LowRankMultivariateNormal low(two, ones({2, 1}), ones({2}));
  const MultivariateNormal normal(three, {.scale_tril = eye(3)});
  EXPECT_THROW(kl_divergence(low, normal), ShapeError);
  EXPECT_THROW(kl_divergence(normal, low), ShapeError);
}

}  // namespace
}  // namespace strata::distributions
