#include "strata/ops/creation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

TEST(Creation, Ramps) {
  EXPECT_EQ(arange(0, 5, 2).to_vector<double>(), (Values{0, 2, 4}));
  EXPECT_EQ(arange(3, 0, -1).to_vector<double>(), (Values{3, 2, 1}));
  EXPECT_EQ(arange(1, 1).numel(), 0);
  EXPECT_EQ(arange(254, 258, 1, DType::u8).to_vector<double>(), (Values{254, 255, 0, 1}));
  EXPECT_EQ(linspace(0, 1, 5, DType::f64).to_vector<double>(), (Values{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(linspace(2, 3, 1).to_vector<double>(), (Values{2}));
  EXPECT_EQ(linspace(0, 0.3, 4, DType::f64).to_vector<double>().back(), 0.3);
  EXPECT_EQ(linspace(0, 1, 0).numel(), 0);
  EXPECT_THROW(linspace(0, 1, -1), ShapeError);
  for (const double step : {0.0, -1.0, -10.0, std::numeric_limits<double>::quiet_NaN(), 1e-300}) {
    EXPECT_THROW(arange(0, 5, step), ValueError) << step;
  }
  EXPECT_EQ(eye(2).to_vector<double>(), (Values{1, 0, 0, 1}));
}

TEST(Creation, ShortForms) {
  EXPECT_EQ(arange(4).to_vector<int64_t>(), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(describe(zeros(4)), "f32[4]");
  EXPECT_EQ(describe(randn({2, 3}, DType::f64)), "f64[2, 3]");
  EXPECT_EQ(describe(rand(5, DType::bf16)), "bf16[5]");
  const std::vector<float> values = {1, 2, 3};
  EXPECT_EQ(tensor(values).to_vector<float>(), values);
}

TEST(Creation, DrawsFollowSeedAndStreamAlone) {
  const int before = thread_count();
  std::vector<std::vector<double>> seen[4];
  for (const int threads : {1, 2, 3, 4}) {
    set_thread_count(threads);
    Generator g(77);
    seen[0].push_back(rand({40001}, -1, 1, DType::f32, kCpu, g).to_vector<double>());
    seen[1].push_back(randn({40001}, 0, 1, DType::f32, kCpu, g).to_vector<double>());
    seen[2].push_back(randn({40001}, 0, 1, DType::f64, kCpu, g).to_vector<double>());
    seen[3].push_back(randint(0, 1000, {40001}, DType::i64, kCpu, g).to_vector<double>());
    EXPECT_EQ(g.stream, 4U);
  }
  set_thread_count(before);
  for (const auto& runs : seen) {
    for (const auto& run : runs) EXPECT_EQ(run, runs[0]);
  }
  Generator a(1), b(1), c(2);
  EXPECT_EQ(randperm(50, a).to_vector<double>(), randperm(50, b).to_vector<double>());
  EXPECT_NE(randperm(50, a).to_vector<double>(), randperm(50, c).to_vector<double>());
}

TEST(Creation, AnElementDoesNotDependOnTheSize) {
  Generator a(5), b(5);
  const auto small = randn({777}, 0, 1, DType::f32, kCpu, a).to_vector<float>();
  const auto large = randn({20000}, 0, 1, DType::f32, kCpu, b).to_vector<float>();
  EXPECT_TRUE(std::equal(small.begin(), small.end(), large.begin()));
}

TEST(Creation, UniformsAreWordsOfPhilox) {
  Generator g(123);
  g.stream = 9;
  const auto got = rand({1003}, 0, 1, DType::f32, kCpu, g).to_vector<float>();
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i], unit_float(philox(123, 9, i / 4)[i % 4])) << i;
  }
}

TEST(Creation, UniformsStayBelowTheirBound) {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16, DType::f64}) {
    for (const auto& [low, high] : {std::pair{0.0, 1.0}, {1.0, 2.0}, {-0.1, 0.1}, {-2.0, -1.0}}) {
      const auto got = rand({200000}, low, high, dtype).to_vector<double>();
      const auto [least, most] = std::minmax_element(got.begin(), got.end());
      // low itself may not be a value of the dtype.
      const double slack = dtype == DType::f64 ? 0 : std::abs(low) * 0.01;
      EXPECT_GE(*least, low - slack) << name_of(dtype);
      EXPECT_LT(*most, high) << name_of(dtype);
      const double mean = std::accumulate(got.begin(), got.end(), 0.0) / 200000;
      EXPECT_NEAR(mean, (low + high) / 2, 0.006 * (high - low) + 0.003) << name_of(dtype);
    }
  }
  EXPECT_EQ(rand({3}, 2, 2).to_vector<double>(), (Values{2, 2, 2}));
  EXPECT_THROW(rand({3}, 2, 1), ValueError);
  EXPECT_THROW(rand({3}, 0, INFINITY), ValueError);
  EXPECT_THROW(rand({3}, 0, 1, DType::i64), DTypeError);
}

TEST(Creation, UniformsRefuseARangeThatTheirDTypeCannotHold) {
  const double f32_most = std::numeric_limits<float>::max();
  const double f64_most = std::numeric_limits<double>::max();
  struct Case {
    double low, high;
    DType dtype;
    bool fits;
  };
  for (const Case& c : {Case{-3e38, 3e38, DType::f32, false},
                        {0, 1e39, DType::f32, false},
                        {-1e39, 0, DType::f32, false},
                        {1e39, 1e39, DType::f32, false},
                        {0, INFINITY, DType::f32, false},
                        {0, f32_most, DType::f32, true},
                        {-1.7e38, 1.7e38, DType::f32, true},
                        {0, 1e6, DType::f16, false},
                        {-40000, 40000, DType::f16, false},
                        {0, 65504, DType::f16, true},
                        {-3e38, 3e38, DType::bf16, false},
                        {0, f32_most, DType::bf16, false},
                        {0, 3e38, DType::bf16, true},
                        {-3e38, 3e38, DType::f64, true},
                        {-f64_most, f64_most, DType::f64, false},
                        {INFINITY, INFINITY, DType::f64, false}}) {
    const auto draw = [&] { return rand({64}, c.low, c.high, c.dtype).to_vector<double>(); };
    if (!c.fits) {
      EXPECT_THROW(draw(), ValueError) << c.low << " " << c.high << " " << name_of(c.dtype);
      continue;
    }
    const auto got = draw();
    EXPECT_TRUE(std::all_of(got.begin(), got.end(), [](double v) { return std::isfinite(v); }));
    EXPECT_NE(got, Values(got.size(), got[0])) << c.low << " " << c.high << " " << name_of(c.dtype);
  }
  EXPECT_EQ(testing::message<ValueError>([] { rand({4}, 0, 1e6, DType::f16); }),
            "[rand] [0, 1000000) does not fit f16");
}

TEST(Creation, NormalsHaveTheirMomentsAndTails) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    constexpr int kDraws = 1000000;
    Generator g(31);
    const auto got = randn({kDraws}, 1, 2, dtype, kCpu, g).to_vector<double>();
    double moments[4] = {};
    int64_t beyond[4] = {};
    for (const double v : got) {
      ASSERT_TRUE(std::isfinite(v));
      const double z = (v - 1) / 2;
      for (int k = 0; k < 4; ++k) moments[k] += std::pow(z, k + 1) / kDraws;
      for (int k = 0; k < 4; ++k) beyond[k] += std::abs(z) > k + 1;
    }
    EXPECT_NEAR(moments[0], 0, 0.005);
    EXPECT_NEAR(moments[1], 1, 0.008);
    EXPECT_NEAR(moments[2], 0, 0.015);
    EXPECT_NEAR(moments[3], 3, 0.06);
    const double expected[4] = {0.317311, 0.0455003, 0.0026998, 0.0000633};
    for (int k = 0; k < 4; ++k) {
      const double share = static_cast<double>(beyond[k]) / kDraws;
      const double sigma = std::sqrt(expected[k] / kDraws);
      const double rounding = dtype == DType::bf16 ? 0.03 * expected[k] : 0;
      EXPECT_NEAR(share, expected[k], 5 * sigma + rounding) << name_of(dtype) << " " << k + 1;
    }
  }
}

TEST(Creation, NeighbouringNormalsAreIndependent) {
  constexpr size_t kDraws = 400000;
  const auto z = randn({kDraws}).to_vector<double>();
  for (const size_t lag : {1, 2, 3, 4, 8, 16}) {
    double product = 0;
    for (size_t i = 0; i + lag < kDraws; ++i) product += z[i] * z[i + lag];
    EXPECT_NEAR(product / kDraws, 0, 5 / std::sqrt(kDraws)) << lag;
  }
}

TEST(Creation, RandintCoversWideRanges) {
  const auto got = randint(INT64_MIN, INT64_MAX, {1000}).to_vector<int64_t>();
  EXPECT_LT(*std::min_element(got.begin(), got.end()), -(int64_t{1} << 61));
  EXPECT_GT(*std::max_element(got.begin(), got.end()), int64_t{1} << 61);
  EXPECT_EQ(randint(3, 4, {5}).to_vector<double>(), Values(5, 3.0));
  EXPECT_THROW(randint(3, 3, {5}), ValueError);
  auto order = randperm(100).to_vector<int64_t>();
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, arange(0, 100).to_vector<int64_t>());
  EXPECT_EQ(randperm(0).numel(), 0);
  EXPECT_THROW(randperm(-1), ValueError);
}

TEST(Creation, RandintRefusesWhatItsDTypeCannotHold) {
  struct Case {
    int64_t low, high;
    DType dtype;
    bool fits;
  };
  for (const Case& c : {Case{-300, 300, DType::u8, false},
                        {-1, 200, DType::u8, false},
                        {0, 257, DType::u8, false},
                        {0, 256, DType::u8, true},
                        {0, 256, DType::i8, false},
                        {-129, 0, DType::i8, false},
                        {-128, 128, DType::i8, true},
                        {0, (int64_t{1} << 31) + 1, DType::i32, false},
                        {-(int64_t{1} << 31), int64_t{1} << 31, DType::i32, true},
                        {0, 3, DType::boolean, false},
                        {0, 2, DType::boolean, true},
                        {0, 1000000, DType::f16, false},
                        {-1000000, 0, DType::f16, false},
                        {-65504, 65505, DType::f16, true},
                        {INT64_MIN, INT64_MAX, DType::bf16, true},
                        {INT64_MIN, INT64_MAX, DType::f32, true},
                        {INT64_MIN, INT64_MAX, DType::f64, true}}) {
    const auto draw = [&] { return randint(c.low, c.high, {64}, c.dtype).to_vector<double>(); };
    if (!c.fits) {
      EXPECT_THROW(draw(), ValueError) << c.low << " " << c.high << " " << name_of(c.dtype);
      continue;
    }
    for (const double v : draw()) {
      EXPECT_GE(v, static_cast<double>(c.low)) << name_of(c.dtype);
      EXPECT_LE(v, static_cast<double>(c.high)) << name_of(c.dtype);
    }
  }
  EXPECT_EQ(testing::message<ValueError>([] { randint(-300, 300, {4}, DType::u8); }),
            "[randint] [-300, 300) does not fit u8");
}

TEST(Creation, RampsHaveTheDTypeOfTheirBounds) {
  EXPECT_EQ(describe(arange(5)), "i64[5]");
  EXPECT_EQ(describe(arange(2.5)), "f32[3]");
  EXPECT_EQ(describe(arange(0, 1, 0.25)), "f32[4]");
  EXPECT_EQ(arange(0, 1, 0.25).to_vector<double>(), (Values{0, 0.25, 0.5, 0.75}));
  EXPECT_EQ(describe(arange(uint8_t{1}, int64_t{4})), "i64[3]");
  EXPECT_EQ(describe(arange(3, DType::f64)), "f64[3]");
  EXPECT_EQ(describe(arange(1, 3, DType::bf16)), "bf16[2]");
  EXPECT_EQ(describe(arange(3, DType::i32, kMeta)), "i32[3]");
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(arange(kMost - 2, kMost).to_vector<int64_t>(),
            (std::vector<int64_t>{kMost - 2, kMost - 1}));
  EXPECT_EQ(arange(kMost, -kMost - 1, -kMost).to_vector<int64_t>(),
            (std::vector<int64_t>{kMost, 0, -kMost}));
  EXPECT_EQ(arange(3, 3, -1).numel(), 0);
  for (const int step : {0, -1}) EXPECT_THROW(arange(0, 5, step), ValueError) << step;
  EXPECT_THROW(arange(5, 0), ValueError);
  EXPECT_THROW(arange(-kMost - 1, kMost), ValueError);
}

TEST(Creation, PowersAndRectangles) {
  EXPECT_EQ(logspace(0, 3, 4).to_vector<double>(), (Values{1, 10, 100, 1000}));
  EXPECT_EQ(logspace(2, -1, 4, 2, DType::f64).to_vector<double>(), (Values{4, 2, 1, 0.5}));
  EXPECT_EQ(describe(logspace(0, 1, 0, 10, DType::bf16)), "bf16[0]");
  EXPECT_EQ(describe(logspace(0, 1, int64_t{1} << 50, 10, DType::f32, kMeta)),
            "f32[1125899906842624]");
  EXPECT_EQ(testing::message<ShapeError>([] { logspace(0, 1, -1); }),
            "[logspace] negative size in shape [-1]");
  EXPECT_EQ(eye(2, 3).to_vector<double>(), (Values{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(eye(3, 2, DType::i64).to_vector<double>(), (Values{1, 0, 0, 1, 0, 0}));
  EXPECT_EQ(describe(eye(0, 2)), "f32[0, 2]");
  EXPECT_EQ(describe(eye(2, 0, DType::f64, kMeta)), "f64[2, 0]");
  EXPECT_THROW(eye(2, -1), ShapeError);
}

TEST(Creation, ListsOfRows) {
  EXPECT_EQ(describe(tensor({{1, 2, 3}, {4, 5, 6}})), "i32[2, 3]");
  EXPECT_EQ(tensor({{1, 2, 3}, {4, 5, 6}}).to_vector<double>(), (Values{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(describe(tensor({{1.5}, {2.5}})), "f64[2, 1]");
  EXPECT_EQ(describe(tensor<float>({{1}, {2}})), "f32[2, 1]");
  EXPECT_EQ(describe(tensor<float>({{}, {}})), "f32[2, 0]");
  EXPECT_EQ(tensor({{true, false}}).to_vector<double>(), (Values{1, 0}));
  EXPECT_EQ(describe(tensor(std::vector<std::vector<int64_t>>{{1, 2}})), "i64[1, 2]");
  // Lists of numbers stay what they were.
  EXPECT_EQ(describe(tensor<float>({})), "f32[0]");
  EXPECT_EQ(describe(tensor<float>({1, 2})), "f32[2]");
  EXPECT_EQ(describe(tensor({1, 2}, {2, 1})), "i32[2, 1]");
  EXPECT_EQ(testing::message<ShapeError>([] {
              tensor({{1, 2}, {3}});
            }),
            "[tensor] a row of 1 numbers beside one of 2");
}

}  // namespace
}  // namespace strata
