#include "strata/ops/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/kernels/cpu/open_unit.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/statistics.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

/// Pearson's statistic of how often each column was drawn.
double chi_square(const Tensor& counts, const Values& shares) {
  const auto n = counts.to_vector<double>();
  double draws = 0, total = 0, x = 0;
  for (const double c : n) draws += c;
  for (const double s : shares) total += s;
  for (size_t i = 0; i < shares.size(); ++i) {
    const double expected = draws * shares[i] / total;
    if (expected > 0) x += (n[i] - expected) * (n[i] - expected) / expected;
    if (expected == 0) {
      EXPECT_EQ(n[i], 0) << i;
    }
  }
  return x;
}

TEST(Multinomial, DrawsInProportion) {
  const Values shares{1, 0, 3, 0.5, 2, 0};
  const Tensor w = tensor(shares, {6});
  constexpr double kLimit = 16.3;  // of 3 degrees of freedom, passed once in 1000
  Generator g(7);
  for (const DType t : {DType::f64, DType::f32, DType::bf16}) {
    const Tensor drawn = multinomial(cast(w, t), 20000, true, g);
    EXPECT_EQ(describe(drawn), "i64[20000]");
    EXPECT_LE(chi_square(bincount(drawn, 6), shares), kLimit) << name_of(t);
  }
  // Without replacement: the first in proportion, the second among those left.
  const Tensor pairs = multinomial(expand(w, {20000, 6}), 2, false, g);
  EXPECT_EQ(describe(pairs), "i64[20000, 2]");
  EXPECT_LE(chi_square(bincount(select(pairs, 1, 0), 6), shares), kLimit);
  Values second(6, 0.0);
  const double total = 6.5;
  for (size_t i = 0; i < 6; ++i) {
    for (size_t first = 0; first < 6; ++first) {
      if (first != i) second[i] += shares[first] / total * shares[i] / (total - shares[first]);
    }
  }
  EXPECT_LE(chi_square(bincount(select(pairs, 1, 1), 6), second), kLimit);
  EXPECT_FALSE(any(select(pairs, 1, 0) == select(pairs, 1, 1)).item<bool>());
  const Tensor singles = multinomial(expand(w, {20000, 6}), 1, false, g);
  EXPECT_LE(chi_square(bincount(reshape(singles, {-1}), 6), shares), kLimit);
}

TEST(Multinomial, TakesWeightsOfAllSizes) {
  Generator g(1);
  const double tiny = std::numeric_limits<double>::denorm_min();
  const Tensor small = tensor<double>({0, tiny, 0, tiny, tiny});
  const auto all_of_small = multinomial(small, 3, false, g).to_vector<int64_t>();
  EXPECT_EQ(std::set<int64_t>(all_of_small.begin(), all_of_small.end()),
            (std::set<int64_t>{1, 3, 4}));
  const double huge = std::numeric_limits<double>::max();
  const Tensor large = tensor<double>({huge, 0, huge, huge});
  EXPECT_LE(chi_square(bincount(multinomial(large, 3000, true, g), 4), {1, 0, 1, 1}), 13.8);
  EXPECT_EQ(multinomial(tensor<float>({0, 0, 1}), 5, true, g).to_vector<int64_t>(),
            std::vector<int64_t>(5, 2));
  // A permutation where all are drawn.
  auto order = multinomial(ones({50}), 50, false, g).to_vector<int64_t>();
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, arange(0, 50).to_vector<int64_t>());
  EXPECT_EQ(multinomial(zeros({0, 3}), 2, false, g).shape(), (Shape{0, 2}));
  EXPECT_EQ(describe(multinomial(empty({4, 3}, DType::f32, kMeta), 2)), "i64[4, 2]");
}

TEST(Multinomial, FollowsTheSeedAlone) {
  const int before = thread_count();
  const Tensor rows = rand({37, 501}), row = rand({20000});
  const auto draw = [&](uint64_t seed) {
    Generator g(seed);
    std::vector<std::vector<int64_t>> all;
    for (const bool replacement : {true, false}) {
      all.push_back(multinomial(rows, 40, replacement, g).to_vector<int64_t>());
      all.push_back(multinomial(row, 10001, replacement, g).to_vector<int64_t>());
    }
    return all;
  };
  set_thread_count(1);
  const auto one = draw(3);
  EXPECT_NE(one, draw(4));
  for (const int threads : {2, 3, 4}) {
    set_thread_count(threads);
    EXPECT_EQ(draw(3), one) << threads;
  }
  set_thread_count(before);
}

TEST(Multinomial, RefusesWhatIsNoDistribution) {
  const auto refused = [](std::initializer_list<double> w, int64_t draws, bool replacement) {
    return testing::message<ValueError>(
        [&] { multinomial(tensor<double>(w), draws, replacement); });
  };
  EXPECT_EQ(refused({1, -2, 3}, 1, true), "[multinomial] weight 1 of row 0 of f64[3] is -2");
  EXPECT_EQ(refused({1, 2, HUGE_VAL}, 1, false),
            "[multinomial] weight 2 of row 0 of f64[3] is inf");
  EXPECT_EQ(refused({std::nan(""), 2}, 1, true),
            "[multinomial] weight 0 of row 0 of f64[2] is nan");
  EXPECT_EQ(refused({0, 0}, 1, true),
            "[multinomial] row 0 of f64[2] has 0 weights above 0, but needs 1");
  EXPECT_EQ(refused({0, 4, 5}, 3, false),
            "[multinomial] row 0 of f64[3] has 2 weights above 0, but needs 3");
  EXPECT_EQ(refused({1, 1}, 3, false),
            "[multinomial] 3 of f64[2] cannot be drawn without replacement");
  EXPECT_EQ(refused({1, 1}, 0, true), "[multinomial] draws must be at least 1, got 0");
  EXPECT_EQ(testing::message<ValueError>([] {
              multinomial(tensor<float>({1, 1, 0, 0}, {2, 2}), 1, true);
            }),
            "[multinomial] row 1 of f32[2, 2] has 0 weights above 0, but needs 1");
  EXPECT_THROW(multinomial(ones({2}, DType::i64), 1), DTypeError);
  EXPECT_THROW(multinomial(ones({2, 2, 2}), 1), ShapeError);
  EXPECT_THROW(multinomial(ones({3, 0}), 1, true), ValueError);
}

TEST(Multinomial, UniformsAreNoneOfTheEnds) {
  constexpr uint32_t kAll = 0xffffffff;
  EXPECT_LT(kernels::cpu::open_unit(kAll, kAll), 1);
  EXPECT_GT(kernels::cpu::open_unit(0, 0), 0);
}

TEST(Bernoulli, OnesAsOftenAsAsked) {
  Generator g(5);
  const Tensor p = tensor<float>({0, 0.25F, 0.9F, 1});
  for (const DType t : {DType::f32, DType::f64, DType::bf16, DType::f16}) {
    const Tensor y = bernoulli(expand(cast(p, t), {10000, 4}), g);
    EXPECT_EQ(y.dtype(), t);
    const auto ones_of = sum(cast(y, DType::f64), {0}).to_vector<double>();
    EXPECT_EQ(ones_of[0], 0);
    EXPECT_NEAR(ones_of[1], 2500, 170);  // four standard deviations
    EXPECT_NEAR(ones_of[2], 9000, 120);
    EXPECT_EQ(ones_of[3], 10000);
  }
  EXPECT_NEAR(sum(bernoulli({100, 100}, 0.3, DType::i64, kCpu, g)).item<double>(), 3000, 190);
  EXPECT_EQ(describe(bernoulli({2}, 1, DType::boolean)), "bool[2]");
  EXPECT_EQ(testing::message<ValueError>([] {
              bernoulli(tensor<float>({0.5F, 1.5F}));
            }),
            "[bernoulli] f32[2] holds what is no probability in [0, 1]");
  EXPECT_THROW(bernoulli(tensor<float>({std::nanf("")})), ValueError);
  EXPECT_THROW(bernoulli({2}, -0.1), ValueError);
  EXPECT_THROW(bernoulli(ones({2}, DType::i64)), DTypeError);
  EXPECT_EQ(bernoulli(empty({2}, DType::f32, kMeta)).shape(), (Shape{2}));
}

TEST(Normal, MeansAndDeviationsBroadcast) {
  Generator g(2);
  const Tensor mean_of = tensor<float>({-3, 100}), deviation = tensor<float>({0.5F, 2}, {2, 1});
  const Tensor y = normal(expand(mean_of, {20000, 2, 2}), deviation, g);
  const VarMean v = var_mean(y, {0});
  const auto means = v.mean.to_vector<double>(), variances = v.var.to_vector<double>();
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(means[i], i % 2 == 0 ? -3 : 100, 0.06);
    EXPECT_NEAR(variances[i], i < 2 ? 0.25 : 4, i < 2 ? 0.01 : 0.16);
  }
  EXPECT_EQ(normal(1.5, zeros({3}), g).to_vector<double>(), (Values{1.5, 1.5, 1.5}));
  EXPECT_EQ(describe(normal(zeros({3}, DType::bf16), 1, g)), "bf16[3]");
  Tensor leaf = zeros({3});
  leaf.set_requires_grad();
  EXPECT_FALSE(normal(leaf, 1, g).requires_grad());
  EXPECT_EQ(testing::message<ValueError>([] {
              normal(0, tensor<float>({1, -1}));
            }),
            "[normal] a negative deviation in f32[2]");
  EXPECT_THROW(normal(zeros({2}), -1), ValueError);
  EXPECT_THROW(normal(zeros({2}, DType::i64), 1), DTypeError);
  EXPECT_THROW(normal(zeros({2}), ones({3})), ShapeError);
}

TEST(Like, TakesShapeDtypeAndDevice) {
  const Tensor like = empty({2, 3}, DType::f64, kMeta), numbers = zeros({50}, DType::i32);
  EXPECT_EQ(describe(rand_like(like)), "f64[2, 3]");
  EXPECT_TRUE(randn_like(like).is_meta());
  Generator g(1), h(1);
  EXPECT_EQ(randn_like(zeros({5}), 1, 2, g).to_vector<double>(),
            randn({5}, 1, 2, DType::f32, kCpu, h).to_vector<double>());
  const auto drawn = randint_like(numbers, 3, 5, g).to_vector<int64_t>();
  EXPECT_EQ(std::set<int64_t>(drawn.begin(), drawn.end()), (std::set<int64_t>{3, 4}));
  EXPECT_THROW(rand_like(numbers), DTypeError);
}

}  // namespace
}  // namespace strata
