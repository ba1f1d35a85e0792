#include "strata/ops/special.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(Special, InvertsErfToTheLastDigits) {
  for (const double y : {1e-10, 0.1, 0.5, 1.0, 2.0, 3.5, 5.0}) {
    const double x = std::erf(y), got = erfinv(scalar(x)).item<double>();
    // What x itself lost by rounding is not to be had back.
    const double lost = std::exp(y * y) * std::numeric_limits<double>::epsilon();
    EXPECT_NEAR(got, y, 2 * std::max(y * 2e-16, lost)) << y;
    EXPECT_EQ(erfinv(scalar(-x)).item<double>(), -got);
  }
}

TEST(Special, GammaFunctionsObeyTheirRecurrences) {
  for (const double x : {-7.3, -0.4, 1e-3, 0.7, 3.2, 25.0}) {
    const auto at = [](auto f, double v) { return f(scalar(v)).template item<double>(); };
    EXPECT_NEAR(at(digamma, x + 1), at(digamma, x) + 1 / x, 1e-11 * std::abs(1 / x) + 1e-12) << x;
    for (const int n : {1, 2, 3}) {
      const auto f = [n](const Tensor& t) { return polygamma(n, t); };
      const double step = std::pow(-1.0, n) * std::tgamma(n + 1) / std::pow(x, n + 1);
      EXPECT_NEAR(at(f, x + 1), at(f, x) + step, 1e-10 * (std::abs(step) + 1)) << n << " " << x;
    }
  }
  EXPECT_EQ(lgamma(scalar(-2.0)).item<double>(), INFINITY);
  EXPECT_TRUE(std::isnan(digamma(scalar(-3.0)).item<double>()));
  EXPECT_EQ(digamma(scalar(0.0)).item<double>(), -INFINITY);
}

TEST(Special, RemaindersOfIntegersHaveTheirSigns) {
  const Tensor a = tensor<int64_t>({7, -7, 7, -7, INT64_MIN}),
               b = tensor<int64_t>({3, 3, -3, -3, -1});
  EXPECT_EQ(fmod(a, b).to_vector<int64_t>(), (std::vector<int64_t>{1, -1, 1, -1, 0}));
  EXPECT_EQ(remainder(a, b).to_vector<int64_t>(), (std::vector<int64_t>{1, 2, -2, -1, 0}));
  EXPECT_EQ(message<ValueError>([&] { remainder(a, 0); }),
            "[remainder] an integer is divided by 0");
}

TEST(Special, KeepsIntegersOrGivesFloats) {
  const Tensor i = tensor<int64_t>({1, 2});
  EXPECT_EQ(describe(trunc(i)), "i64[2]");
  EXPECT_EQ(describe(fmax(i, 2)), "i64[2]");
  EXPECT_EQ(describe(atan2(i, i)), "f32[2]");
  EXPECT_EQ(describe(lgamma(i)), "f32[2]");
  EXPECT_EQ(nan_to_num(full({1}, INFINITY, DType::bf16)).item<double>(), 0x1.fep127);
  EXPECT_EQ(lerp(full({1}, 1e8), full({1}, 0.1), 1).item<float>(), 0.1f);
  EXPECT_EQ(message<ValueError>([&] { polygamma(-1, ones({1})); }),
            "[polygamma] n must not be negative, got -1");
}

TEST(Lerp, OfF16StaysInItsRange) {
  const Tensor a = full({1}, -60000, DType::f16), b = full({1}, 60000, DType::f16);
  EXPECT_EQ(cast(lerp(a, b, 0.5), DType::f32).item<float>(), 0);
  EXPECT_EQ(lerp(a, b, full({1}, 0.5, DType::f16)).dtype(), DType::f16);
}

TEST(Logit, BeyondItsDomain) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto at = [](double v, std::optional<double> eps = {}) {
    Tensor x = scalar(v);
    x.set_requires_grad();
    const Tensor y = logit(x, eps);
    backward(y);
    return std::pair{y.item<double>(), x.grad().item<double>()};
  };
  EXPECT_EQ(at(0), std::pair(-kInfinity, kInfinity));
  EXPECT_EQ(at(1), std::pair(kInfinity, kInfinity));
  EXPECT_EQ(at(0.5), std::pair(0.0, 4.0));
  EXPECT_TRUE(std::isnan(at(-0.1).first) && std::isnan(at(-0.1).second));
  EXPECT_EQ(at(-3, 0.25), std::pair(std::log(0.25 / 0.75), 0.0));
  EXPECT_EQ(logit(ones({1}, DType::i64)).dtype(), DType::f32);
  const Tensor half = cast(logit(full({1}, 0.51171875, DType::bf16)), DType::f32);
  EXPECT_NEAR(half.item<float>(), 0.046883583, 1e-4);  // 1 - x rounded would give 0.0391
}

/// a, x, P(a, x) and 1 - P(a, x), by mpmath with 50 digits.
const std::vector<std::array<double, 4>> kIncompleteGamma = {
    {1e-08, 0.2, 0.99999998777349457, 1.2226505431640654e-8},
    {0.001, 0.9, 0.99973957030017818, 0.0002604296998218178},
    {0.1, 1.05, 0.97771777513155772, 0.022282224868442282},
    {0.3, 0.4, 0.77638058101663582, 0.22361941898336418},
    {0.7, 5.0, 0.99695375796887327, 0.003046242031126733},
    {1.5, 0.1, 0.022410702238350602, 0.9775892977616494},
    {3.0, 3.0, 0.57680991887315648, 0.42319008112684352},
    {10.5, 1e-08, 8.4037686853687976e-92, 1.0},
    {30.0, 22.5, 0.074741864796325922, 0.92525813520367408},
    {30.0, 39.0, 0.94088272027646663, 0.059117279723533375},
    {300.0, 297.0, 0.43859861394546546, 0.56140138605453454},
    {999.0, 1100.0, 0.99904604703171237, 0.00095395296828763376},
    {1001.0, 990.0, 0.36752601840472072, 0.63247398159527928},
    {1001.0, 1280.0, 0.99999999999999977, 2.3072927846482965e-16},
    {5000.0, 4000.0, 1.5598621812189689e-52, 1.0},
    {100000.0, 100500.0, 0.94289673002397129, 0.057103269976028711},
};

TEST(IncompleteGamma, HasAllDigits) {
  for (const auto& [a, x, p, q] : kIncompleteGamma) {
    EXPECT_NEAR(igamma(scalar(a), x).item<double>() / p, 1, 5e-13) << a << " " << x;
    EXPECT_NEAR(igammac(scalar(a), x).item<double>() / q, 1, 5e-13) << a << " " << x;
  }
  // Near the mean of a large a, where P is 1 / 2 and 1 / (3 sqrt(2 pi a)).
  EXPECT_NEAR(igamma(scalar(1e12), 1e12).item<double>() - 0.5, 1.3298076e-7, 1e-13);
}

TEST(IncompleteGamma, AtItsEnds) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto both = [](double a, double x) {
    return std::pair{igamma(scalar(a), x).item<double>(), igammac(scalar(a), x).item<double>()};
  };
  EXPECT_EQ(both(2, 0), std::pair(0.0, 1.0));
  EXPECT_EQ(both(0, 2), std::pair(1.0, 0.0));
  EXPECT_EQ(both(2, kInfinity), std::pair(1.0, 0.0));
  EXPECT_EQ(both(kInfinity, 2), std::pair(0.0, 1.0));
  for (const auto& [a, x] : {std::pair{0.0, 0.0},
                             {-1.0, 2.0},
                             {2.0, -1.0},
                             {kInfinity, kInfinity},
                             {NAN, 1.0},
                             {1.0, NAN}}) {
    EXPECT_TRUE(std::isnan(both(a, x).first) && std::isnan(both(a, x).second)) << a << " " << x;
  }
  Tensor x = zeros({1}, DType::f64).set_requires_grad();
  backward(igamma(1, x));
  EXPECT_EQ(x.grad().item<double>(), 1);
  EXPECT_EQ(igamma(ones({2, 1}, DType::i64), ones({3}, DType::bf16)).dtype(), DType::bf16);
}

TEST(IncompleteGamma, HasNoGradientInA) {
  const Tensor a = ones({1}, DType::f64).set_requires_grad();
  EXPECT_EQ(message<GradError>([&] { backward(igamma(a, 2)); }),
            "[igamma] has no gradient in a\n  hint: pass a.detach()");
  const Tensor x = ones({1}, DType::f64).set_requires_grad();
  backward(igammac(a.detach(), x));
  EXPECT_NEAR(x.grad().item<double>(), -std::exp(-1), 1e-15);
}

TEST(Bessel, StaysFiniteWhereItIsScaled) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto at = [](auto f, double x) { return f(scalar(x)).template item<double>(); };
  EXPECT_EQ(at(i0, 800), kInfinity);
  EXPECT_EQ(at(i1, -800), -kInfinity);
  EXPECT_NEAR(at(i0e, 1e6) / 3.9894233026924578e-4, 1, 1e-14);
  EXPECT_NEAR(at(i1e, -1e6) / -3.9894213079803078e-4, 1, 1e-14);
  EXPECT_EQ(at(i0e, kInfinity), 0);
  // Both series, where one ends and the other begins.
  EXPECT_NEAR(at(i0e, 30) / at(i0e, std::nextafter(30, 0)), 1, 1e-14);
  EXPECT_NEAR(at(i1e, 30) / at(i1e, std::nextafter(30, 0)), 1, 1e-14);
  for (const auto& [f, slope] : {std::pair{&i0, 0.0}, {&i0e, 0.0}, {&i1, 0.5}, {&i1e, 0.5}}) {
    Tensor x = scalar(0.0).set_requires_grad();
    backward(f(x));
    EXPECT_EQ(x.grad().item<double>(), slope);
  }
}

}  // namespace
}  // namespace strata
