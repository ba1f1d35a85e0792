// Parameters and values near the ends of what floating numbers can say.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/distributions/bernoulli.h"
#include "strata/distributions/binomial.h"
#include "strata/distributions/continuous_bernoulli.h"
#include "strata/distributions/divergences.h"
#include "strata/distributions/inverse_gamma.h"
#include "strata/distributions/multinomial.h"
#include "strata/distributions/pareto.h"
#include "strata/distributions/relaxed_bernoulli.h"
#include "strata/distributions/von_mises.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"

namespace strata::distributions {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double mean_square(const Tensor& x) { return mean(square(x)).item<double>(); }

TEST(FamilyExtremes, AnglesOfAnyConcentration) {
  Generator generator(5);
  const auto draws = [&](double k) { return VonMises(0, scalar(k)).sample({20000}, generator); };
  for (const double k : {5e-324, 1e-310, 1e-200, 1e-20}) {
    EXPECT_NEAR(mean_square(draws(k)), 3.2899, 0.1) << k;  // pi^2 / 3
  }
  for (const double k : {1e6, 1e9, 1e11, 1e20, 1e40, 1e120}) {
    EXPECT_NEAR(mean_square(draws(k) * std::sqrt(k)), 1, 0.05) << k;
  }
  EXPECT_EQ(mean_square(draws(kInfinity)), 0);
}

TEST(FamilyExtremes, CountsMustBeFinite) {
  EXPECT_THROW(Binomial(kInfinity, {.probs = 0.5}), ValueError);
  EXPECT_THROW(NegativeBinomial(3, {.probs = 0.5}).log_prob(scalar(kInfinity)), ValueError);
  for (const double n : {kInfinity, kNan, -2.0, 0x1p40}) {
    EXPECT_THROW(Binomial(scalar(n), {.probs = 0.5}, false).entropy(), ValueError) << n;
  }
  for (const double p : {0.0, 0.3, 1.0}) {
    EXPECT_TRUE(std::isnan(Binomial(kInfinity, {.probs = p}, false).sample().item<double>())) << p;
  }
  EXPECT_EQ(kl_divergence(Binomial(0, {.probs = 0.5}), Binomial(0, {.probs = 0})).item<double>(),
            0);
}

TEST(FamilyExtremes, LargeCounts) {
  for (const double n : {1e6, 1e17, 1e19}) {
    for (const double p : {0.1, 0.5, 0.9}) {
      Generator generator(3);
      const Tensor draws = Binomial(scalar(n), {.probs = p}).sample({20000}, generator);
      const Tensor z = (draws - n * p) / std::sqrt(n * p * (1 - p));
      EXPECT_NEAR(mean_square(z), 1, 0.05) << n << " " << p;
      EXPECT_NEAR(mean_square(square(z)), 3, 0.3) << n << " " << p;
    }
  }
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {  // by sums in f64
    const double rounding = dtype == DType::bf16 ? 0.03 : 1e-4;
    const Tensor third = full({3}, 1.0 / 3, dtype);
    EXPECT_NEAR(Binomial(1000, {.probs = full({}, 0.25, dtype)}).entropy().item<double>(), 4.0357,
                rounding);
    EXPECT_NEAR(Multinomial(1000, {.probs = third}).entropy().item<double>(), 8.09755, rounding);
  }
}

TEST(FamilyExtremes, NumbersHaveTheDigitsOfTheTensorsBesideThem) {
  const Tensor n = scalar(3.0);
  EXPECT_EQ(Binomial(n, {.probs = 0.3}).probs().item<double>(), 0.3);
  EXPECT_EQ(NegativeBinomial(n, {.logits = 0.3}).logits().item<double>(), 0.3);
  EXPECT_EQ(RelaxedBernoulli(n, {.probs = 0.3}).probs().item<double>(), 0.3);
  EXPECT_EQ(describe(Binomial(full({}, 3, DType::bf16), {.probs = 0.3}).sample()), "bf16[]");
  EXPECT_TRUE(Binomial(empty({3}, DType::f32, kMeta), {.probs = 0.3}).sample().is_meta());
}

TEST(FamilyExtremes, HeavyTailsStayFinite) {
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16, DType::f16}) {
    const auto check = [&](const char* name, double size, double tail, auto make) {
      Tensor scale = full({2000}, size, dtype).set_requires_grad();
      Tensor shape = full({2000}, tail, dtype).set_requires_grad();
      Generator generator(1);
      const Tensor x = make(scale, shape).rsample({}, generator);
      EXPECT_EQ(x.dtype(), dtype) << name;
      EXPECT_TRUE(all(logical_and(isfinite(x), x >= size)).item<bool>()) << name << name_of(dtype);
      backward(sum(1 / x));
      EXPECT_TRUE(all(isfinite(scale.grad())).item<bool>()) << name << name_of(dtype);
      EXPECT_TRUE(all(isfinite(shape.grad())).item<bool>()) << name << name_of(dtype);
    };
    using T = const Tensor&;
    for (const double size : {0.25, 4.0}) {
      check("pareto ", size, 0.001, [](T scale, T alpha) { return Pareto(scale, alpha); });
      check("generalized ", size, 400, [](T scale, T c) { return GeneralizedPareto(4, scale, c); });
    }
  }
}

TEST(FamilyExtremes, ReciprocalsOfLeastDraws) {
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16, DType::f16}) {
    Tensor a = full({2000}, 0.01, dtype).set_requires_grad();
    Tensor rate = full({2000}, 1, dtype).set_requires_grad();
    Generator generator(1);
    const Tensor x = InverseGamma(a, rate).rsample({}, generator);
    EXPECT_TRUE(all(logical_and(isfinite(x), x > 0)).item<bool>()) << name_of(dtype);
    backward(sum(1 / (1 + x)));
    EXPECT_TRUE(all(isfinite(a.grad())).item<bool>()) << name_of(dtype);
    EXPECT_TRUE(all(isfinite(rate.grad())).item<bool>()) << name_of(dtype);
  }
}

TEST(FamilyExtremes, GeneralizedParetoAtItsUpperEnd) {
  const GeneralizedPareto flat(0, scalar(2.0), -1);
  EXPECT_NEAR(flat.log_prob(scalar(2.0)).item<double>(), -std::log(2), 1e-15);
  EXPECT_EQ(flat.cdf(scalar(2.0)).item<double>(), 1);
  const Tensor scales = arange(0.1, 3, 0.01, DType::bf16);
  for (const double c : {-20.0, -11.0, -7.3}) {
    const GeneralizedPareto d(0.3, scales, c);
    Generator generator(1);
    EXPECT_FALSE(any(isnan(d.log_prob(d.sample({100}, generator)))).item<bool>()) << c;
  }
  // Draws end at 100.01, whose z is 0.995 or 1.003 in f32.
  for (const double c : {-1.0, -3.0, -7.0}) {
    const GeneralizedPareto d(100, scalar(0.01F), c);
    Generator generator(1);
    const Tensor x = d.sample({20000}, generator);
    EXPECT_FALSE(any(isnan(d.log_prob(x))).item<bool>()) << c;
    EXPECT_FALSE(any(isnan(d.cdf(x))).item<bool>()) << c;
  }
}

TEST(FamilyExtremes, DivergencesFarFromZero) {
  for (const double way : {1000.0, -1000.0}) {
    const Gumbel q(scalar(way), 1), here(scalar(0.0), 1);
    EXPECT_NEAR(kl_divergence(Normal(scalar(way), 1), q).item<double>(),
                kl_divergence(Normal(scalar(0.0), 1), here).item<double>(), 1e-10);
    EXPECT_NEAR(kl_divergence(Uniform(scalar(way), way + 2), q).item<double>(),
                kl_divergence(Uniform(scalar(0.0), 2), here).item<double>(), 1e-10);
  }
  EXPECT_EQ(kl_divergence(Bernoulli({.probs = 0}), Poisson(0, false)).item<double>(),
            0 - Bernoulli({.probs = 0}).entropy().item<double>());
}

TEST(FamilyExtremes, SteepContinuousBernoulli) {
  for (const DType dtype : {DType::f64, DType::f32}) {
    for (const double l : {-200.0, 200.0}) {
      const ContinuousBernoulli d({.logits = full({}, l, dtype)});
      const double end = l > 0 ? 1 : 0, inwards = l > 0 ? -1 : 1;
      const auto near = [](const Tensor& got, double wanted) {
        EXPECT_NEAR(got.item<double>(), wanted, 1e-5 * std::abs(wanted));
      };
      // That of an exponential distribution of rate 200 to very little.
      near(d.log_prob(full({}, end, dtype)), std::log(200));
      near(d.mean(), end + inwards * 0.005);
      near(d.stddev(), 0.005);
      near(d.entropy(), 1 - std::log(200));
      const double median = end + inwards * std::log(2) / 200;
      near(d.icdf(full({}, 0.5, dtype)), median);
      near(d.cdf(full({}, median, dtype)), 0.5);
      near(kl_divergence(d, ContinuousBernoulli({.logits = full({}, l / 2, dtype)})),
           std::log(2) - 0.5);
    }
  }
}

}  // namespace
}  // namespace strata::distributions
