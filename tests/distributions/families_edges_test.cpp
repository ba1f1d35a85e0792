// Ends of ranges, dtypes and what is refused, for the families of families_test.cpp.
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/distributions/bernoulli.h"
#include "strata/distributions/binomial.h"
#include "strata/distributions/categorical.h"
#include "strata/distributions/cauchy.h"
#include "strata/distributions/continuous_bernoulli.h"
#include "strata/distributions/dirichlet.h"
#include "strata/distributions/exponential.h"
#include "strata/distributions/fisher_snedecor.h"
#include "strata/distributions/gamma.h"
#include "strata/distributions/geometric.h"
#include "strata/distributions/gumbel.h"
#include "strata/distributions/half_normal.h"
#include "strata/distributions/independent.h"
#include "strata/distributions/inverse_gamma.h"
#include "strata/distributions/kumaraswamy.h"
#include "strata/distributions/laplace.h"
#include "strata/distributions/lkj_cholesky.h"
#include "strata/distributions/logistic_normal.h"
#include "strata/distributions/low_rank_multivariate_normal.h"
#include "strata/distributions/mixture.h"
#include "strata/distributions/multinomial.h"
#include "strata/distributions/multivariate_normal.h"
#include "strata/distributions/normal.h"
#include "strata/distributions/pareto.h"
#include "strata/distributions/poisson.h"
#include "strata/distributions/relaxed_bernoulli.h"
#include "strata/distributions/relaxed_categorical.h"
#include "strata/distributions/student_t.h"
#include "strata/distributions/transformed.h"
#include "strata/distributions/transforms.h"
#include "strata/distributions/uniform.h"
#include "strata/distributions/von_mises.h"
#include "strata/distributions/weibull.h"
#include "strata/distributions/wishart.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/distributions/values.h"
#include "tests/support/message.h"

namespace strata::distributions {
namespace {

using strata::testing::message;
using testing::expect_values;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(FamilyEdges, CountsThatAreCertain) {
  const Tensor p = tensor({0.0, 1.0, 0.5});
  const Binomial d(3, {.probs = p});
  expect_values(d.log_prob(tensor({0.0, 3.0, 0.0})), {0, 0, 3 * std::log(0.5)});
  expect_values(slice(d.sample(), 0, 0, 2), {0, 3});
  expect_values(d.mode(), {0, 3, 2});
  expect_values(Binomial(0, {.probs = p}).sample(), {0, 0, 0});
  expect_values(Binomial(0, {.probs = p}).entropy(), {0, 0, 0});
  expect_values(
      Binomial(3, {.logits = tensor({-kInfinity, kInfinity})}).log_prob(tensor({0.0, 3.0})),
      {0, 0});
  expect_values(Binomial(tensor({1.0, 4.0}), {.probs = 0.5}).entropy(), {std::log(2), 1.4075317});
  expect_values(NegativeBinomial(0, {.probs = scalar(0.3)}).log_prob(tensor({0.0, 1.0})),
                {0, -kInfinity});
  expect_values(NegativeBinomial(2, {.probs = scalar(0.0)}).log_prob(tensor({0.0})), {0});
  expect_values(Multinomial(2, {.logits = tensor({0.0, -kInfinity, 0.0})})
                    .log_prob(tensor({1.0, 0.0, 1.0, 1.0, 1.0, 0.0}, {2, 3})),
                {std::log(0.5), -kInfinity});
  expect_values(Multinomial(0, {.probs = p}).entropy(), {0});
}

TEST(FamilyEdges, GradientsAtCertainCountsAreFinite) {
  Tensor logits = tensor({0.0, -kInfinity, 0.0}).set_requires_grad();
  backward(sum(Multinomial(2, {.logits = logits}).log_prob(tensor({1.0, 0.0, 1.0}))));
  for (const double g : logits.grad().to_vector<double>()) EXPECT_TRUE(std::isfinite(g)) << g;
  Tensor n = tensor({0.0, 2.0}).set_requires_grad();
  backward(sum(NegativeBinomial(n, {.probs = 0.3}).log_prob(scalar(0.0))));
  for (const double g : n.grad().to_vector<double>()) EXPECT_TRUE(std::isfinite(g)) << g;
}

TEST(FamilyEdges, EndsOfTheSupport) {
  expect_values(HalfCauchy(scalar(1.0), false).log_prob(scalar(-1.0)), {-kInfinity});
  expect_values(HalfNormal(scalar(1.0), false).log_prob(scalar(-1.0)), {-kInfinity});
  expect_values(Cauchy(0, scalar(1.0)).icdf(tensor({0.0, 0.5, 1.0})), {-kInfinity, 0, kInfinity});
  expect_values(HalfCauchy(scalar(1.0)).icdf(tensor({0.0, 0.5, 1.0})), {0, 1, kInfinity});
  expect_values(Pareto(scalar(2.0), 3).cdf(tensor({2.0, kInfinity})), {0, 1});
  expect_values(Gamma(tensor({0.5, 2.0}), 1).cdf(scalar(0.0)), {0, 0});
  expect_values(Kumaraswamy(tensor({0.5, 1.0, 2.0}), 1.0).log_prob(scalar(0.0)),
                {kInfinity, 0, -kInfinity});
  expect_values(Kumaraswamy(scalar(2.0), tensor({0.5, 1.0, 3.0})).mode(),
                {kNan, 1, std::sqrt(0.2)});
  expect_values(ContinuousBernoulli({.probs = scalar(0.2)}).cdf(tensor({0.0, 1.0})), {0, 1});
  expect_values(Weibull(1, tensor({0.5, 1.0, 2.0})).mode(), {0, 0, std::sqrt(0.5)});
  expect_values(GeneralizedPareto(0, scalar(1.0), tensor({-0.5, 0.0, 0.5})).cdf(scalar(2.0)),
                {1, 1 - std::exp(-2), 0.75});
}

TEST(FamilyEdges, MomentsThatDoNotExist) {
  const Tensor c = tensor({0.5, 1.5, 3.0});
  expect_values(InverseGamma(c, 2).mean(), {kInfinity, 4, 1});
  expect_values(InverseGamma(c, 2).variance(), {kInfinity, kInfinity, 1});
  expect_values(Pareto(2, c).mean(), {kInfinity, 6, 3});
  expect_values(Pareto(2, c).variance(), {kInfinity, kInfinity, 3});
  expect_values(FisherSnedecor(c, 3).mean(), {3, 3, 3});
  expect_values(FisherSnedecor(c, tensor({2.0, 4.0, 5.0})).variance(), {kNan, kNan, 100.0 / 9});
  expect_values(FisherSnedecor(c, 4).mode(), {kNan, kNan, 2.0 / 9});
  expect_values(Cauchy(c, 1).mean(), {kNan, kNan, kNan});
  expect_values(HalfCauchy(c).mean(), {kInfinity, kInfinity, kInfinity});
  expect_values(GeneralizedPareto(0, scalar(1.0), tensor({0.2, 0.6, 1.0})).mean(),
                {1.25, 2.5, kNan});
  expect_values(GeneralizedPareto(0, scalar(1.0), tensor({0.2, 0.6})).variance(),
                {1.0 / (0.64 * 0.6), kNan});
  Tensor a = tensor({1.0, 2.0, 3.0}).set_requires_grad();
  backward(sum(Pareto(2, a).mean()));
  EXPECT_FALSE(std::isnan(a.grad().to_vector<double>()[0]));
}

TEST(FamilyEdges, HalfTypesAreDrawnInTheirSupport) {
  for (const DType dtype : {DType::bf16, DType::f16}) {
    Generator generator(2);
    const Tensor a = full({3}, 0.4, dtype), b = full({3}, 20, dtype);
    const auto check = [&](const char* name, const auto& d) {
      const Tensor x = d.sample({4000}, generator);
      EXPECT_EQ(x.dtype(), dtype) << name;
      EXPECT_TRUE(all(isfinite(x)).template item<bool>()) << name << name_of(dtype);
      const Tensor score = d.log_prob(x);
      EXPECT_FALSE(any(isnan(score)).template item<bool>()) << name << name_of(dtype);
    };
    check("cauchy", Cauchy(a, a));
    check("half_cauchy", HalfCauchy(a));
    check("half_normal", HalfNormal(a));
    check("chi2", Chi2(a));
    check("inverse_gamma", InverseGamma(a, a));
    check("fisher_snedecor", FisherSnedecor(a, a));
    check("weibull", Weibull(a, a));
    check("pareto", Pareto(a, b));
    check("generalized_pareto", GeneralizedPareto(a, a, a / 4));
    check("kumaraswamy", Kumaraswamy(a, b));
    check("continuous_bernoulli", ContinuousBernoulli({.probs = a}));
    check("relaxed_bernoulli", RelaxedBernoulli(a, {.probs = a}));
    check("binomial", Binomial(b, {.probs = a}));
    check("negative_binomial", NegativeBinomial(b, {.probs = a}));
    check("multinomial", Multinomial(20, {.probs = a}));
    check("von_mises", VonMises(a, a));
    check("logistic_normal", LogisticNormal(a, a));
  }
}

TEST(FamilyEdges, GradientsOfExtremeDrawsAreFinite) {
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    Generator generator(8);
    const auto check = [&](const char* name, double first, auto make) {
      Tensor a = full({2000}, first, dtype).set_requires_grad();
      Tensor b = full({2000}, 1, dtype).set_requires_grad();
      const Tensor x = make(a, b).rsample({}, generator);
      EXPECT_TRUE(all(logical_and(isfinite(x), x > 0)).item<bool>()) << name << name_of(dtype);
      backward(sum(x / (1 + x)));
      EXPECT_TRUE(all(isfinite(a.grad())).item<bool>()) << name << name_of(dtype);
      EXPECT_TRUE(all(isfinite(b.grad())).item<bool>()) << name << name_of(dtype);
    };
    using T = const Tensor&;
    check("weibull ", 0.02, [](T a, T b) { return Weibull(b, a); });
    check("kumaraswamy ", 0.01, [](T a, T b) { return Kumaraswamy(a, b); });
    check("fisher ", 0.02, [](T a, T b) { return FisherSnedecor(a, b); });
  }
}

TEST(FamilyEdges, EmptyBatchesScalarsAndMeta) {
  const Tensor none = zeros({0, 3}), one = ones({0, 3});
  EXPECT_EQ(describe(Binomial(none, {.probs = none}).sample({2})), "f32[2, 0, 3]");
  EXPECT_EQ(describe(Binomial(none, {.probs = none}).entropy()), "f32[0, 3]");
  EXPECT_EQ(describe(Multinomial(4, {.logits = none}).sample({2})), "f32[2, 0, 3]");
  EXPECT_EQ(describe(Multinomial(4, {.logits = ones({3})}).sample({0})), "f32[0, 3]");
  EXPECT_EQ(describe(VonMises(none, one).sample({2})), "f32[2, 0, 3]");
  EXPECT_EQ(describe(LogisticNormal(none, one).sample({2})), "f32[2, 0, 4]");
  EXPECT_EQ(describe(Gamma(one, 1).cdf(one)), "f32[0, 3]");
  EXPECT_EQ(describe(Cauchy(0, 1).sample()), "f32[]");
  EXPECT_EQ(describe(Cauchy(0, scalar(1.0)).sample()), "f64[]");
  EXPECT_EQ(describe(Wishart(3, {.scale_tril = eye(2)}).sample({0})), "f32[0, 2, 2]");
  const Tensor unit = eye(2, DType::f64);
  EXPECT_EQ(describe(Wishart(ones({3}) * 4, {.scale_tril = unit}).sample()), "f64[3, 2, 2]");
  const auto meta = [](const Shape& shape) { return empty(shape, DType::f32, kMeta); };
  const auto expect = [](const Tensor& x, const char* wanted) {
    EXPECT_EQ(describe(x), wanted);
    EXPECT_TRUE(x.is_meta());
  };
  const Tensor a = meta({3});
  expect(Binomial(a, {.probs = a}).sample({2}), "f32[2, 3]");
  expect(NegativeBinomial(a, {.probs = a}).sample({2}), "f32[2, 3]");
  expect(Multinomial(4, {.probs = a}).sample({2}), "f32[2, 3]");
  expect(VonMises(a, a).sample({2}), "f32[2, 3]");
  expect(Wishart(a, {.scale_tril = meta({2, 2})}).rsample({2}), "f32[2, 3, 2, 2]");
  expect(LKJCholesky(4, a).sample({2}), "f32[2, 3, 4, 4]");
  expect(LowRankMultivariateNormal(a, meta({3, 1}), a).rsample({2}), "f32[2, 3]");
}

TEST(FamilyEdges, InsideOfOthers) {
  const Tensor a = tensor({0.7, 1.5, 4.0});
  const Independent d(Weibull(a, 2), 1);
  EXPECT_EQ(d.log_prob(a).shape(), Shape());
  const MixtureSameFamily mixture(Categorical({.probs = a}), Gamma(a, 1));
  expect_values(mixture.cdf(scalar(kInfinity)), {1});
}

/// Draws of a distribution [2, 1] for a batch [4, 2, 3], and the density of the first of them.
template <class D>
void expect_expanded(const char* name, const D& d) {
  const D larger = d.expand({4, 2, 3});
  EXPECT_EQ(larger.batch_shape(), (Shape{4, 2, 3})) << name;
  EXPECT_EQ(larger.event_shape(), d.event_shape()) << name;
  Generator generator(3);
  const Tensor x = larger.sample({5}, generator);
  EXPECT_EQ(x.shape(), joined({5, 4, 2, 3}, d.event_shape())) << name;
  EXPECT_EQ(larger.log_prob(x).template to_vector<double>(),
            d.log_prob(x).template to_vector<double>())
      << name;
  EXPECT_THROW(d.expand({3, 1}), ShapeError) << name;
}

TEST(FamilyEdges, LargerBatches) {
  const Tensor a = tensor({0.3, 0.7}, {2, 1}), row = expand(unsqueeze(a, -1), {2, 1, 3});
  const Tensor unit = eye(3, DType::f64);
  expect_expanded("normal", Normal(a, a));
  expect_expanded("log_normal", LogNormal(a, a));
  expect_expanded("laplace", Laplace(a, a));
  expect_expanded("gumbel", Gumbel(a, a));
  expect_expanded("uniform", Uniform(a, a + 1));
  expect_expanded("exponential", Exponential(a));
  expect_expanded("gamma", Gamma(a, a));
  expect_expanded("chi2", Chi2(a));
  expect_expanded("inverse_gamma", InverseGamma(a, a));
  expect_expanded("beta", Beta(a, a));
  expect_expanded("dirichlet", Dirichlet(row));
  expect_expanded("student_t", StudentT(a, a, a));
  expect_expanded("poisson", Poisson(a));
  expect_expanded("geometric", Geometric({.probs = a}));
  expect_expanded("bernoulli", Bernoulli({.logits = a}));
  expect_expanded("categorical", Categorical({.logits = row}));
  expect_expanded("one_hot", OneHotCategorical({.probs = row}));
  expect_expanded("relaxed_one_hot", RelaxedOneHotCategorical(1, {.probs = row}));
  expect_expanded("multivariate_normal", MultivariateNormal(row, {.scale_tril = unit}));
  expect_expanded("cauchy", Cauchy(a, a));
  expect_expanded("half_cauchy", HalfCauchy(a));
  expect_expanded("half_normal", HalfNormal(a));
  expect_expanded("fisher_snedecor", FisherSnedecor(a, a));
  expect_expanded("weibull", Weibull(a, a));
  expect_expanded("pareto", Pareto(a, a));
  expect_expanded("generalized_pareto", GeneralizedPareto(a, a, a));
  expect_expanded("kumaraswamy", Kumaraswamy(a, a));
  expect_expanded("binomial", Binomial(3, {.probs = a}));
  expect_expanded("negative_binomial", NegativeBinomial(3, {.probs = a}));
  expect_expanded("multinomial", Multinomial(3, {.probs = row}));
  expect_expanded("continuous_bernoulli", ContinuousBernoulli({.probs = a}));
  expect_expanded("von_mises", VonMises(a, a));
  expect_expanded("relaxed_bernoulli", RelaxedBernoulli(a, {.probs = a}));
  expect_expanded("logistic_normal", LogisticNormal(row, 1));
  expect_expanded("low_rank", LowRankMultivariateNormal(row, unit, row));
  expect_expanded("wishart", Wishart(a + 5, {.scale_tril = unit}));
  expect_expanded("lkj_cholesky", LKJCholesky(3, a));
  expect_expanded("independent", Independent(Normal(row, 1), 1));
  expect_expanded("mixture", MixtureSameFamily(Categorical({.probs = row}), Normal(row, 1)));
  expect_expanded("transformed", Transformed(Normal(a, a), Exp()));
  expect_expanded("transformed/coupled", Transformed(Normal(row, 1), StickBreaking()));
}

TEST(FamilyErrors, ParametersOutOfRange) {
  EXPECT_EQ(message<ValueError>([] { Chi2(-1); }), "[Chi2] df must be positive: f32[] has -1");
  EXPECT_EQ(message<ValueError>([] { HalfNormal(0); }),
            "[HalfNormal] scale must be positive: f32[] has 0");
  EXPECT_EQ(message<ValueError>([] { InverseGamma(1, 0); }),
            "[InverseGamma] rate must be positive: f32[] has 0");
  EXPECT_EQ(message<ValueError>([] { Binomial(1.5, {.probs = 0.5}); }),
            "[Binomial] total_count must be a count: f32[] has 1.5");
  EXPECT_EQ(message<ValueError>([] { Binomial(1, {.probs = 1.5}); }),
            "[Binomial] probs must be in [0, 1]: f32[] has 1.5");
  EXPECT_EQ(message<ValueError>([] { NegativeBinomial(1, {.probs = 1}); }),
            "[NegativeBinomial] probs must be below 1: f32[] has 1");
  EXPECT_EQ(message<ValueError>([] { Multinomial(-1, {.probs = ones({2})}); }),
            "[Multinomial] total_count must not be negative, got -1");
  EXPECT_EQ(message<ValueError>([] { LKJCholesky(1); }),
            "[LKJCholesky] n must be at least 2, got 1");
  EXPECT_EQ(message<ValueError>([] { Wishart(1, {.scale_tril = eye(3)}); }),
            "[Wishart] df must be above n - 1: f32[] has 1");
  EXPECT_THROW(Cauchy(0, 0), ValueError);
  EXPECT_THROW(HalfCauchy(-1), ValueError);
  EXPECT_THROW(FisherSnedecor(0, 1), ValueError);
  EXPECT_THROW(Weibull(1, 0), ValueError);
  EXPECT_THROW(Pareto(0, 1), ValueError);
  EXPECT_THROW(GeneralizedPareto(0, 0, 1), ValueError);
  EXPECT_THROW(Kumaraswamy(1, 0), ValueError);
  EXPECT_THROW(VonMises(0, 0), ValueError);
  EXPECT_THROW(ContinuousBernoulli({.probs = 2}), ValueError);
  EXPECT_THROW(RelaxedBernoulli(0, {.probs = 0.5}), ValueError);
  EXPECT_THROW(RelaxedBernoulli(1, {}), ValueError);
  EXPECT_THROW(NegativeBinomial(-1, {.probs = 0.5}), ValueError);
  EXPECT_THROW(LogisticNormal(0, -1), ValueError);
  EXPECT_THROW(Wishart(3, {}), ValueError);
  EXPECT_EQ(message<ValueError>([] {
              Wishart(3, {.scale_tril = ones({2, 2})});
            }),
            "[Wishart] scale_tril must be lower triangular: f32[2, 2] has 1");
  EXPECT_THROW(Wishart(3, {.scale_tril = eye(2), .covariance = eye(2)}), ValueError);
  EXPECT_THROW(Wishart(3, {.covariance = -eye(2)}), NumericError);
  EXPECT_THROW(Wishart(3, {.covariance = ones({2})}), ShapeError);
  EXPECT_NO_THROW(Weibull(-1, 1, false));
  for (const double p : {-0.5, 1.5, kNan}) {
    EXPECT_TRUE(std::isnan(Binomial(3, {.probs = p}, false).sample().item<double>()));
  }
  EXPECT_TRUE(std::isnan(VonMises(0, -1, false).sample().item<double>()));
}

TEST(FamilyErrors, LowRankCovariances) {
  const Tensor loc = zeros({3}), factor = ones({3, 2}), diagonal = ones({3});
  EXPECT_THROW(LowRankMultivariateNormal(loc, ones({2, 2}), diagonal), ShapeError);
  EXPECT_THROW(LowRankMultivariateNormal(loc, factor, ones({2})), ShapeError);
  EXPECT_THROW(LowRankMultivariateNormal(loc, ones({3, 0}), diagonal), ShapeError);
  EXPECT_THROW(LowRankMultivariateNormal(loc, ones({2, 3, 2}), ones({3, 3})), ShapeError);
  EXPECT_THROW(LowRankMultivariateNormal(loc, factor, -diagonal), ValueError);
  EXPECT_THROW(LowRankMultivariateNormal(loc, factor, ones({3}, DType::f64)), DTypeError);
}

TEST(FamilyErrors, ValuesOutsideOfTheSupport) {
  EXPECT_EQ(message<ValueError>([] { Chi2(1).log_prob(scalar(-1.0F)); }),
            "[Chi2] value must be at least 0: f32[] has -1");
  EXPECT_EQ(message<ValueError>([] { Binomial(3, {.probs = 0.5}).log_prob(scalar(4.0F)); }),
            "[Binomial] value must be a count up to total_count: f32[] has 4");
  EXPECT_EQ(message<ValueError>([] { Multinomial(3, {.probs = ones({2})}).log_prob(ones({2})); }),
            "[Multinomial] the sum of value must be total_count: f32[] has 2");
  EXPECT_EQ(message<ValueError>([] { Pareto(1, 1).log_prob(scalar(0.5F)); }),
            "[Pareto] value must be at least scale: f32[] has 0.5");
  EXPECT_THROW(Gamma(1, 1).cdf(scalar(-1.0)), ValueError);
  EXPECT_THROW(HalfCauchy(1).log_prob(scalar(-1.0)), ValueError);
  EXPECT_THROW(HalfNormal(1).cdf(scalar(-1.0)), ValueError);
  EXPECT_THROW(InverseGamma(1, 1).log_prob(scalar(0.0)), ValueError);
  EXPECT_THROW(FisherSnedecor(1, 1).log_prob(scalar(0.0)), ValueError);
  EXPECT_THROW(Weibull(1, 1).log_prob(scalar(0.0)), ValueError);
  EXPECT_THROW(GeneralizedPareto(0, 1, -1).log_prob(scalar(1.5)), ValueError);
  EXPECT_THROW(Kumaraswamy(1, 1).log_prob(scalar(1.5)), ValueError);
  EXPECT_THROW(ContinuousBernoulli({.probs = 0.3}).cdf(scalar(1.5)), ValueError);
  EXPECT_THROW(RelaxedBernoulli(1, {.probs = 0.3}).log_prob(scalar(1.5)), ValueError);
  EXPECT_THROW(NegativeBinomial(1, {.probs = 0.3}).log_prob(scalar(0.5)), ValueError);
  EXPECT_THROW(VonMises(0, 1).log_prob(scalar(kNan)), ValueError);
  EXPECT_THROW(LogisticNormal(0, 1).log_prob(ones({2})), ValueError);
  EXPECT_THROW(LogisticNormal(0, 1).log_prob(ones({3})), ShapeError);
  EXPECT_THROW(Wishart(3, {.scale_tril = eye(2)}).log_prob(-eye(2)), NumericError);
  EXPECT_THROW(
      Wishart(3, {.scale_tril = eye(2)}).log_prob(tensor({1.0F, 0.5F, 0.0F, 1.0F}, {2, 2})),
      ValueError);
  const LKJCholesky lkj(2);
  EXPECT_THROW(lkj.log_prob(ones({2, 2})), ValueError);
  EXPECT_THROW(lkj.log_prob(2 * eye(2)), ValueError);
  EXPECT_THROW(lkj.log_prob(-eye(2)), ValueError);
  EXPECT_NO_THROW(lkj.log_prob(eye(2)));
  EXPECT_THROW(Transformed(Normal(0, 1), Softplus()).log_prob(scalar(-1.0F)), ValueError);
  EXPECT_THROW(Transformed(Normal(0, 1), StickBreaking()), ShapeError);
}

}  // namespace
}  // namespace strata::distributions
