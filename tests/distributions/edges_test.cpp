// Ends of ranges, empty batches, dtypes, and what is refused.
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
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
#include "strata/distributions/transformed.h"
#include "strata/distributions/uniform.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
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

TEST(DistributionEdges, BernoulliThatIsCertain) {
  const Bernoulli d({.probs = tensor({0.0F, 1.0F, 0.5F})});
  Generator generator(1);
  const Tensor x = d.sample({1000}, generator);
  EXPECT_EQ(sum(select(x, -1, 0)).item<double>(), 0);
  EXPECT_EQ(sum(select(x, -1, 1)).item<double>(), 1000);
  // PyTorch's: probabilities are an epsilon away from 0 and 1 in its logarithms.
  expect_values(d.log_prob(ones({3})), {-15.9423847, 0, -0.6931472});
  expect_values(d.mode(), {0, 1, kNan});
  const Tensor p = tensor({0.0, 1.0, 0.5});
  expect_values(kl_divergence(Bernoulli({.probs = p}), Bernoulli({.probs = flip(p, {0})})),
                {0.6931472, 0, kInfinity});

  Tensor logits = tensor({-kInfinity, kInfinity, 0.0}).set_requires_grad();
  const Bernoulli sure({.logits = logits});
  expect_values(sure.log_prob(tensor({0.0, 1.0, 1.0})), {0, 0, -0.6931472});
  expect_values(sure.log_prob(tensor({1.0, 0.0, 0.0})), {-kInfinity, -kInfinity, -0.6931472});
  expect_values(sure.entropy(), {0, 0, 0.6931472});
  backward(sum(sure.log_prob(tensor({0.0, 1.0, 1.0}))));
  expect_values(logits.grad(), {0, 0, 0.5});
}

TEST(DistributionEdges, BernoulliOfGreyPixels) {
  const Bernoulli d({.logits = tensor({0.3, -2.0})}, false);
  expect_values(d.log_prob(tensor({0.25, 0.5})),
                {0.25 * 0.3 - std::log1p(std::exp(0.3)), -1 - std::log1p(std::exp(-2.0))});
  EXPECT_THROW(Bernoulli({.logits = scalar(0.3)}).log_prob(scalar(0.25)), ValueError);
}

TEST(DistributionEdges, ClassesThatAreImpossible) {
  Tensor logits = tensor({-kInfinity, 1.0, -kInfinity, 2.0}).set_requires_grad();
  const Categorical d({.logits = logits});
  const double p = 1 / (1 + std::exp(1.0)), q = 1 - p;
  const double entropy = -p * std::log(p) - q * std::log(q);
  expect_values(d.probs(), {0, p, 0, q});
  expect_values(d.log_prob(tensor({0, 1})), {-kInfinity, std::log(p)});
  expect_values(d.entropy(), {entropy});
  backward(Categorical({.logits = logits}).entropy());
  const auto slopes = logits.grad().to_vector<double>();
  for (const double g : slopes) EXPECT_TRUE(std::isfinite(g));
  EXPECT_NE(slopes[1], 0);

  // The divergence of two that rule out the same classes, and its gradient.
  logits.set_grad({});
  const Categorical other({.logits = tensor({-kInfinity, 0.5, -kInfinity, 0.0})});
  backward(kl_divergence(Categorical({.logits = logits}), other));
  for (const double g : logits.grad().to_vector<double>()) EXPECT_TRUE(std::isfinite(g));
  const Categorical all({.logits = zeros({4}, DType::f64)});
  expect_values(kl_divergence(all, d), {kInfinity});
  expect_values(kl_divergence(d, all), {std::log(4) - entropy});

  Generator generator(3);
  const Tensor x = d.sample({2000}, generator);
  EXPECT_TRUE(strata::all(logical_or(x == 1, x == 3)).item<bool>());
}

TEST(DistributionEdges, EndsOfTheSupport) {
  expect_values(Gamma(tensor({0.5, 1.0, 2.0}), 3.0).log_prob(scalar(0.0)),
                {kInfinity, std::log(3), -kInfinity});
  expect_values(Beta(tensor({0.5, 1.0, 2.0}), 1.0).log_prob(scalar(0.0)),
                {kInfinity, 0, -kInfinity});
  expect_values(Poisson(scalar(0.0)).log_prob(tensor({0.0, 1.0})), {0, -kInfinity});
  expect_values(Poisson(scalar(0.0)).sample({3}), {0, 0, 0});
  expect_values(Geometric({.probs = scalar(1.0)}).log_prob(tensor({0.0, 1.0})), {0, -kInfinity});
  expect_values(Geometric({.probs = scalar(1.0)}).sample({3}), {0, 0, 0});
  expect_values(Uniform(1, 2).log_prob(tensor({1.0F, 2.0F})), {0, -kInfinity});
  expect_values(Uniform(1, 2, false).log_prob(tensor({0.5F, 1.5F})), {-kInfinity, 0});
  expect_values(Uniform(1, 2, false).cdf(tensor({0.5F, 2.5F})), {0, 1});
  expect_values(StudentT(tensor({0.5, 1.5, 3.0}), 2.0, 1.0).mean(), {kNan, 2, 2});
  expect_values(StudentT(tensor({0.5, 1.5, 3.0})).variance(), {kNan, kInfinity, 3});
  expect_values(Dirichlet(tensor({0.5, 0.7, 3.0, 1.0}, {2, 2})).mode(), {1, 0, 1, 0});
  expect_values(Normal(0, 1).icdf(tensor({0.0F, 0.5F, 1.0F})), {-kInfinity, 0, kInfinity});
  expect_values(kl_divergence(Uniform(0, 1), Uniform(tensor({-1.0F, 0.5F}), 2)),
                {std::log(3), kInfinity});
  const double tail = Normal(scalar(0.0), 1).cdf(scalar(-30.0)).item<double>();
  EXPECT_NEAR(tail / 4.906713927148187e-198, 1, 1e-12);
}

TEST(DistributionEdges, HalfTypesAreDrawnInTheirSupport) {
  for (const DType dtype : {DType::bf16, DType::f16}) {
    Generator generator(2);
    const Tensor a = full({3}, 0.4, dtype), b = full({3}, 20, dtype);
    const auto check = [&](const char* name, const auto& d) {
      const Tensor x = d.sample({4000}, generator);
      EXPECT_EQ(x.dtype(), dtype) << name;
      EXPECT_TRUE(all(isfinite(d.log_prob(x))).template item<bool>()) << name;
      EXPECT_EQ(d.entropy().dtype(), dtype) << name;
      const Tensor m = mean(cast(x, DType::f64)), wanted = mean(cast(d.mean(), DType::f64));
      const double error = std::sqrt(mean(cast(d.variance(), DType::f64)).template item<double>());
      EXPECT_NEAR(m.item<double>(), wanted.item<double>(), 0.05 * error + 0.01) << name;
    };
    check("normal", Normal(a, a));
    check("laplace", Laplace(a, a));
    check("gumbel", Gumbel(a, a));
    check("exponential", Exponential(a));
    check("gamma", Gamma(a, a));
    check("beta", Beta(b, b));
    check("bernoulli", Bernoulli({.probs = a / 100}));
    check("geometric", Geometric({.probs = a}));
    check("one_hot", OneHotCategorical({.probs = a}));
  }
}

TEST(DistributionEdges, HalfTypesPassTheirOwnValidation) {
  for (const DType dtype : {DType::bf16, DType::f16, DType::f32}) {
    Generator generator(2);
    const Tensor a = full({50}, 2, dtype);
    const Dirichlet dirichlet(a);
    const RelaxedOneHotCategorical relaxed(1, {.probs = a});
    const auto scores = [&](const auto& d) { return d.log_prob(d.sample({400}, generator)); };
    EXPECT_TRUE(all(isfinite(scores(dirichlet))).item<bool>()) << name_of(dtype);
    EXPECT_TRUE(all(isfinite(scores(relaxed))).item<bool>()) << name_of(dtype);
    EXPECT_THROW(dirichlet.log_prob(full({50}, 0.04, dtype)), ValueError) << name_of(dtype);
    EXPECT_THROW(relaxed.log_prob(full({50}, 0.01, dtype)), ValueError) << name_of(dtype);
  }
}

TEST(DistributionEdges, UniformDrawsStayBelowHigh) {
  struct Case {
    DType dtype;
    double low, high;
  };
  for (const Case& c : {Case{DType::bf16, 0, 1}, Case{DType::f16, 0, 1}, Case{DType::bf16, 1, 2},
                        Case{DType::f16, -3, -2}, Case{DType::f16, -1, 0},
                        Case{DType::f32, 1000, 1001}, Case{DType::f64, 1e15, 1e15 + 1}}) {
    Generator generator(3);
    const Uniform d(full({}, c.low, c.dtype), full({}, c.high, c.dtype));
    const Tensor x = d.sample({200000}, generator);
    EXPECT_EQ(x.dtype(), c.dtype);
    EXPECT_TRUE(all(logical_and(x >= d.low(), x < d.high())).item<bool>()) << c.low;
    EXPECT_TRUE(all(isfinite(d.log_prob(x))).item<bool>()) << c.low;
  }
  // The largest number below is drawn.
  Generator generator(4);
  const Tensor x = Uniform(zeros({}, DType::bf16), 1).sample({20000}, generator);
  EXPECT_TRUE(any(x == 1 - 0x1p-8).item<bool>());
}

TEST(DistributionEdges, UncheckedArgumentsCostNothing) {
  const Tensor a = ones({1 << 16});
  const auto cost = [](auto make) {
    reset_cpu_memory_peak();
    const int64_t before = cpu_memory_stats().in_use;
    make();
    return cpu_memory_stats().peak - before;
  };
  EXPECT_EQ(cost([&] { Normal(a, a, false); }), 0);
  EXPECT_EQ(cost([&] { Uniform(a, a, false); }), 0);
  EXPECT_EQ(cost([&] { Bernoulli({.probs = a}, false); }), 0);
  EXPECT_EQ(cost([&] { Dirichlet(a, false); }), 0);
  EXPECT_GT(cost([&] { Normal(a, a); }), 0);
}

TEST(DistributionEdges, ProbabilitiesAsNumbers) {
  Generator generator(6);
  const Tensor x = Bernoulli({.probs = 0.25}).sample({10000}, generator);
  EXPECT_EQ(describe(x), "f32[10000]");
  EXPECT_NEAR(mean(x).item<double>(), 0.25, 0.02);
  expect_values(Bernoulli({.logits = 0}).probs(), {0.5});
  expect_values(Geometric({.probs = 0.25}).mean(), {3});
  EXPECT_THROW(Categorical({.probs = 0.25}), ShapeError);
}

TEST(DistributionEdges, EmptyBatchesAndScalars) {
  Generator generator(2);
  const Tensor none = zeros({0, 3}), one = ones({0, 3});
  EXPECT_EQ(describe(Normal(none, 1).sample({2})), "f32[2, 0, 3]");
  EXPECT_EQ(describe(Gamma(one, 1).log_prob(one)), "f32[0, 3]");
  EXPECT_EQ(describe(Categorical({.logits = none}).sample({2})), "i64[2, 0]");
  EXPECT_EQ(describe(Categorical({.logits = one}).sample({0})), "i64[0, 0]");
  EXPECT_EQ(describe(Categorical({.logits = ones({2, 3})}).sample({4, 0})), "i64[4, 0, 2]");
  EXPECT_EQ(describe(Categorical({.logits = none}).log_prob(zeros({0}, DType::i64))), "f32[0]");
  EXPECT_EQ(describe(Dirichlet(one).sample({2})), "f32[2, 0, 3]");
  EXPECT_EQ(describe(Independent(Normal(none, 1), 1).entropy()), "f32[0]");
  EXPECT_EQ(describe(Normal(0, 1).sample({0, 2})), "f32[0, 2]");
  EXPECT_EQ(describe(MultivariateNormal(zeros({0, 2}), {.scale_tril = eye(2)}).log_prob(ones({2}))),
            "f32[0]");
  EXPECT_EQ(describe(Normal(0, 1).sample()), "f32[]");
  EXPECT_EQ(describe(Normal(0, scalar(1.0)).sample()), "f64[]");
  EXPECT_EQ(describe(Normal(zeros({2}), scalar(1.0)).sample()), "f32[2]");
  EXPECT_EQ(describe(Categorical({.probs = ones({3})}).sample()), "i64[]");
  EXPECT_EQ(describe(Categorical({.probs = ones({3})}).log_prob(zeros({2, 1}))), "f32[2, 1]");
}

TEST(DistributionEdges, MetaTensorsAreDrawnWithoutData) {
  const auto meta = [](const Shape& shape) { return empty(shape, DType::f32, kMeta); };
  const auto expect = [](const Tensor& x, const char* wanted) {
    EXPECT_EQ(describe(x), wanted);
    EXPECT_TRUE(x.is_meta());
  };
  const Tensor a = meta({3});
  expect(Normal(a, a).rsample({2}), "f32[2, 3]");
  expect(Laplace(a, 1).rsample({2}), "f32[2, 3]");
  expect(Gamma(a, a).rsample({2}), "f32[2, 3]");
  expect(Beta(a, 1).rsample({2}), "f32[2, 3]");
  expect(Dirichlet(a).rsample({2}), "f32[2, 3]");
  expect(Poisson(a).sample({2}), "f32[2, 3]");
  expect(Bernoulli({.probs = a}).sample({2}), "f32[2, 3]");
  expect(Categorical({.probs = meta({4, 3})}).sample({2}), "i64[2, 4]");
  expect(gumbel_softmax(a, 1, true), "f32[3]");
  expect(MixtureSameFamily(Categorical({.probs = a}), Normal(a, 1)).sample({2}), "f32[2]");
}

TEST(DistributionErrors, ParametersOutOfRange) {
  EXPECT_EQ(message<ValueError>([] {
              Normal(0, tensor({1.0F, -2.0F, 0.0F}));
            }),
            "[Normal] scale must be positive: f32[3] has -2");
  EXPECT_EQ(message<ValueError>([] {
              Normal(tensor({1.0, kNan}), 1);
            }),
            "[Normal] loc must be a number: f64[2] has nan");
  EXPECT_EQ(message<ValueError>([] {
              Uniform(tensor({0.0F, 3.0F}), 3);
            }),
            "[Uniform] low must be below high: f32[2] has 3");
  EXPECT_EQ(message<ValueError>([] {
              Bernoulli({.probs = tensor({0.5F, 1.5F})});
            }),
            "[Bernoulli] probs must be in [0, 1]: f32[2] has 1.5");
  EXPECT_EQ(message<ValueError>([] {
              Categorical({.probs = tensor({0.5F, -1.0F})});
            }),
            "[Categorical] probs must be finite and at least 0: f32[2] has -1");
  EXPECT_EQ(message<ValueError>([] {
              Categorical({.probs = zeros({2, 3})});
            }),
            "[Categorical] the sum of probs must be positive: f32[2, 1] has 0");
  EXPECT_EQ(message<ValueError>([] {
              Categorical({.logits = full({2, 3}, -kInfinity)});
            }),
            "[Categorical] the largest of logits must be finite: f32[2] has -inf");
  EXPECT_THROW(Categorical({.logits = tensor({1.0, kNan})}), ValueError);
  EXPECT_THROW(Categorical({.logits = tensor({1.0, kInfinity})}), ValueError);
  EXPECT_THROW(Laplace(0, 0), ValueError);
  EXPECT_THROW(Gumbel(0, -1), ValueError);
  EXPECT_THROW(Exponential(0), ValueError);
  EXPECT_THROW(Gamma(0, 1), ValueError);
  EXPECT_THROW(Gamma(1, kNan), ValueError);
  EXPECT_THROW(Beta(1, 0), ValueError);
  EXPECT_THROW(Dirichlet(zeros({3})), ValueError);
  EXPECT_THROW(Poisson(-1), ValueError);
  EXPECT_THROW(Geometric({.probs = scalar(0.0)}), ValueError);
  EXPECT_THROW(StudentT(0), ValueError);
  EXPECT_THROW(gumbel_softmax(zeros({2}), 0), ValueError);
  EXPECT_THROW(RelaxedOneHotCategorical(-1, {.logits = zeros({2})}), ValueError);
  EXPECT_NO_THROW(Normal(0, -1, false));
  EXPECT_TRUE(std::isnan(Gamma(-1, 1, false).sample().item<double>()));
  EXPECT_TRUE(std::isnan(Poisson(kNan, false).sample().item<double>()));
}

TEST(DistributionErrors, TheWrongParameters) {
  EXPECT_EQ(message<ValueError>([] { Categorical({}); }),
            "[Categorical] needs either probs or logits");
  EXPECT_THROW(Bernoulli({.probs = scalar(0.5), .logits = scalar(0.0)}), ValueError);
  EXPECT_EQ(message<DTypeError>([] {
              Normal(tensor({1, 2}), 1);
            }),
            "[Normal] loc must be floating, got i32[2]");
  EXPECT_THROW(Normal(zeros({3}), ones({2})), ShapeError);
  EXPECT_THROW(Normal(zeros({3}), empty({3}, DType::f32, kMeta)), DeviceError);
  EXPECT_THROW(Categorical({.probs = scalar(0.5)}), ShapeError);
  EXPECT_THROW(Dirichlet(scalar(0.5)), ShapeError);
  EXPECT_THROW(Independent(Normal(zeros({3}), 1), 2), ShapeError);
  EXPECT_THROW(kl_divergence(Categorical({.probs = ones({3})}), Categorical({.probs = ones({2})})),
               ShapeError);
  EXPECT_THROW(MixtureSameFamily(Categorical({.probs = ones({3})}), Normal(zeros({2}), 1)),
               ShapeError);
  EXPECT_THROW(MixtureSameFamily(Categorical({.probs = ones({3})}), Normal(0, 1)), ShapeError);
}

TEST(DistributionErrors, ShowTheNameOfTheWhole) {
  EXPECT_EQ(message<ValueError>([] { Geometric({}); }), "[Geometric] needs either probs or logits");
  EXPECT_EQ(message<ValueError>([] { Geometric({.probs = 2}); }),
            "[Geometric] probs must be in [0, 1]: f32[] has 2");
  EXPECT_EQ(message<ValueError>([] { LogNormal(0, -1); }),
            "[LogNormal] scale must be positive: f32[] has -1");
  EXPECT_EQ(message<ShapeError>([] { OneHotCategorical({.probs = 1}); }),
            "[OneHotCategorical] f32[] has no classes");
  EXPECT_EQ(message<ValueError>([] { RelaxedOneHotCategorical(1, {.probs = zeros({2})}); }),
            "[RelaxedOneHotCategorical] the sum of probs must be positive: f32[1] has 0");
  EXPECT_EQ(message<ValueError>([] { Normal(0, -1); }),
            "[Normal] scale must be positive: f32[] has -1");
}

TEST(DistributionErrors, Spreads) {
  const Tensor loc = zeros({2}), unit = eye(2);
  EXPECT_THROW(MultivariateNormal(loc, {}), ValueError);
  EXPECT_THROW(MultivariateNormal(loc, {.scale_tril = unit, .covariance = unit}), ValueError);
  EXPECT_THROW(MultivariateNormal(loc, {.scale_tril = eye(3)}), ShapeError);
  EXPECT_THROW(MultivariateNormal(loc, {.scale_tril = ones({2})}), ShapeError);
  EXPECT_THROW(MultivariateNormal(loc, {.scale_tril = eye(2, DType::f64)}), DTypeError);
  EXPECT_THROW(MultivariateNormal(loc, {.scale_tril = ones({2, 2})}), ValueError);
  EXPECT_THROW(MultivariateNormal(loc, {.scale_tril = -unit}), ValueError);
  EXPECT_EQ(message<ValueError>([&] {
              MultivariateNormal(loc, {.covariance = tensor({1.0F, 0.5F, 0.0F, 1.0F}, {2, 2})});
            }),
            "[MultivariateNormal] covariance must be symmetric: f32[2, 2] has 0.5");
  EXPECT_THROW(MultivariateNormal(loc, {.covariance = -unit}), NumericError);
  EXPECT_THROW(MultivariateNormal(loc, {.scale_tril = unit}).log_prob(zeros({3})), ShapeError);
}

TEST(DistributionErrors, ValuesOutsideOfTheSupport) {
  EXPECT_EQ(message<ValueError>([] {
              Exponential(1).log_prob(tensor({1.0F, -2.0F}));
            }),
            "[Exponential] value must be at least 0: f32[2] has -2");
  EXPECT_THROW(Exponential(1).cdf(scalar(-1.0F)), ValueError);
  EXPECT_THROW(Normal(0, 1).log_prob(scalar(kNan)), ValueError);
  EXPECT_THROW(LogNormal(0, 1).log_prob(scalar(0.0)), ValueError);
  EXPECT_THROW(Uniform(0, 1).log_prob(scalar(1.5)), ValueError);
  EXPECT_THROW(Gamma(1, 1).log_prob(scalar(-1.5)), ValueError);
  EXPECT_THROW(Beta(1, 1).log_prob(scalar(1.5)), ValueError);
  EXPECT_EQ(message<ValueError>([] { Dirichlet(ones({2})).log_prob(ones({2})); }),
            "[Dirichlet] the sum of value must be 1: f32[] has 2");
  EXPECT_THROW(Poisson(1).log_prob(scalar(0.5)), ValueError);
  EXPECT_THROW(Geometric({.probs = scalar(0.5)}).log_prob(scalar(-1.0)), ValueError);
  const Categorical d({.probs = ones({3})});
  EXPECT_THROW(d.log_prob(scalar<int64_t>(3)), ValueError);
  EXPECT_THROW(d.log_prob(scalar(0.5)), ValueError);
  EXPECT_THROW(Categorical({.probs = ones({3})}, false).log_prob(scalar<int64_t>(3)), IndexError);
  EXPECT_THROW(OneHotCategorical({.probs = ones({3})}).log_prob(ones({3})), ValueError);
  EXPECT_THROW(TanhNormal(Normal(0, 1)).log_prob(scalar(1.5F)), ValueError);
  EXPECT_THROW(Normal(zeros({3}), 1).log_prob(zeros({2})), ShapeError);
  EXPECT_EQ(
      message<ShapeError>([] { Transformed(Dirichlet(ones({3})), Exp()).log_prob(ones({2})); }),
      "[Transformed] value f32[2] does not end in the event's shape [3]");
  EXPECT_EQ(message<ShapeError>([] { Dirichlet(ones({3})).log_prob(ones({2})); }),
            "[Dirichlet] value f32[2] does not end in the event's shape [3]");
  EXPECT_NO_THROW(Exponential(1, false).log_prob(scalar(-1.0)));
}

}  // namespace
}  // namespace strata::distributions
