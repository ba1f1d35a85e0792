#include "strata/ops/special.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

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

}  // namespace
}  // namespace strata
