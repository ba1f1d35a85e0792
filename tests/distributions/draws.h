#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/random.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "tests/support/difference.h"

// What is asked of draws.
namespace strata::distributions::testing {

inline constexpr int64_t kCount = 40000;

/// Kolmogorov and Smirnov: the largest distance of u, which should be uniform, from it, times the
/// root of their number. Above 1.95 once in a thousand times.
inline double smirnov(const Tensor& u) {
  std::vector<double> x = u.to_vector<double>(), even;
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  for (double k = 0.5; k < n; ++k) even.push_back(k / n);
  return (strata::testing::largest_difference(x, even) + 0.5 / n) * std::sqrt(n);
}

/// Pearson: sum((count - expected)^2 / expected) over the values 0 ... bins - 1, those beyond in
/// the last one, in standard deviations from its mean.
inline double pearson(const Tensor& counts, const std::vector<double>& probs) {
  std::vector<double> seen(probs.size(), 0);
  for (const double k : counts.to_vector<double>()) {
    seen[std::min(static_cast<size_t>(k), probs.size() - 1)] += 1;
  }
  const auto n = static_cast<double>(counts.numel());
  double sum = 0, bins = 0, rest = 0, rest_seen = 0;
  const auto add = [&](double p, double k) {
    sum += (k - n * p) * (k - n * p) / (n * p);
    bins += 1;
  };
  for (size_t i = 0; i < probs.size(); ++i) {
    if (n * probs[i] >= 8) {
      add(probs[i], seen[i]);
    } else {
      rest += probs[i];
      rest_seen += seen[i];
    }
  }
  if (n * rest >= 8) add(rest, rest_seen);
  return (sum - (bins - 1)) / std::sqrt(2 * (bins - 1));
}

/// The probabilities of 0 ... bins - 2, and of all that is more.
template <class D>
std::vector<double> probabilities(const D& d, int bins) {
  const Tensor k = arange(0, bins - 1, 1, DType::f64);
  std::vector<double> p = exp(d.log_prob(k)).template to_vector<double>();
  double rest = 1;
  for (const double x : p) rest -= x;
  p.push_back(std::max(rest, 0.0));
  return p;
}

/// The draws' mean and variance beside those of the distribution, in standard errors.
template <class D>
void expect_moments(const char* name, const D& d, double kurtosis = 3) {
  Generator generator(7);
  const Tensor x = d.sample({kCount}, generator);
  const auto n = static_cast<double>(kCount);
  const auto means = mean(x, {0}).template to_vector<double>();
  const auto variances = var(x, {0}).template to_vector<double>();
  const auto mu = d.mean().template to_vector<double>();
  const auto sigma2 = d.variance().template to_vector<double>();
  ASSERT_EQ(means.size(), mu.size()) << name;
  for (size_t i = 0; i < mu.size(); ++i) {
    EXPECT_NEAR(means[i], mu[i], 4 * std::sqrt(sigma2[i] / n)) << name << i;
    EXPECT_NEAR(variances[i], sigma2[i], 4 * sigma2[i] * std::sqrt((kurtosis - 1) / n))
        << name << i;
  }
}

template <class D>
void expect_function(const char* name, const D& d) {
  Generator generator(11);
  EXPECT_LT(smirnov(d.cdf(d.sample({kCount}, generator))), 1.95) << name;
}

}  // namespace strata::distributions::testing
