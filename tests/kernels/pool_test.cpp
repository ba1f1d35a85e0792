#include "strata/kernels/pool.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/half.h"
#include "strata/base/parallel.h"
#include "tests/support/instruction_sets.h"

namespace strata::kernels {
namespace {

const float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<Pool2d> plans() {
  std::vector<Pool2d> all;
  for (int64_t c : {1, 3, 6, 8, 16, 21}) {
    all.push_back({3, c, sliding_axis(14, 2, 2, 0, 1, false, true),
                   sliding_axis(10, 2, 2, 0, 1, false, true)});
    all.push_back(
        {2, c, sliding_axis(7, 2, 2, 0, 1, false, true), sliding_axis(9, 2, 2, 0, 1, false, true)});
    all.push_back({2, c, sliding_axis(9, 3, 2, 1, 1, true, true),
                   sliding_axis(11, 3, 1, 1, 1, false, false)});
    all.push_back({2, c, adaptive_axis(7, 3), adaptive_axis(5, 8)});
  }
  return all;
}

std::vector<float> values(int64_t count) {
  std::vector<float> v(static_cast<size_t>(count));
  uint64_t state = 7;
  for (float& x : v) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    x = static_cast<float>(static_cast<int>(state >> 60)) - 8.0f;  // few values: many ties
    if (state % 29 == 0) x = kNan;
    if (state % 31 == 0) x = -kInf;
  }
  return v;
}

template <class T>
struct Results {
  std::vector<T> most, most_dx, gathered, mean, mean_dx;
  std::vector<int32_t> index;
};

template <class T>
Results<T> run(const Pool2d& p) {
  const auto source = values(p.x_size());
  const std::vector<T> x(source.begin(), source.end());
  std::vector<T> dy;
  for (int64_t i = 0; i < p.y_size(); ++i) dy.push_back(T(static_cast<float>(i % 13) - 6));
  const auto nx = static_cast<size_t>(p.x_size()), ny = static_cast<size_t>(p.y_size());
  Results<T> r;
  r.most.resize(ny), r.index.resize(ny), r.gathered.resize(ny), r.mean.resize(ny);
  r.most_dx.resize(nx), r.mean_dx.resize(nx);
  max_pool2d(p, x.data(), r.most.data(), r.index.data());
  max_pool2d_backward(p, dy.data(), r.index.data(), r.most_dx.data());
  max_pool2d_gather(p, x.data(), r.index.data(), r.gathered.data());
  avg_pool2d(p, x.data(), r.mean.data());
  avg_pool2d_backward(p, dy.data(), r.mean_dx.data());
  return r;
}

template <class T>
void expect_equal(const std::vector<T>& a, const std::vector<double>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const double v = a[i];
    if (std::isnan(b[i]) || std::isinf(b[i])) {
      EXPECT_TRUE(std::isnan(b[i]) ? std::isnan(v) : v == b[i]) << i;
    } else {
      EXPECT_NEAR(v, b[i], tolerance * (1 + std::fabs(b[i]))) << i;
    }
  }
}

TEST(Pool2d, VectorsEqualThePlainLoops) {
  testing::on_each_instruction_set([] {
    for (const Pool2d& p : plans()) {
      const auto fast = run<float>(p);
      const auto plain = run<double>(p);
      EXPECT_EQ(fast.index, plain.index);
      expect_equal(fast.most, plain.most, 0);
      expect_equal(fast.gathered, plain.gathered, 0);
      expect_equal(fast.most_dx, plain.most_dx, 0);
      expect_equal(fast.mean, plain.mean, 1e-6);
      expect_equal(fast.mean_dx, plain.mean_dx, 1e-6);
    }
  });
}

template <class Half>
void expect_halves_near_plain(double tolerance) {
  for (const Pool2d& p : plans()) {
    const auto half = run<Half>(p);
    const auto plain = run<double>(p);
    EXPECT_EQ(half.index, plain.index);
    expect_equal(half.most, plain.most, 0);
    expect_equal(half.gathered, plain.gathered, 0);
    expect_equal(half.most_dx, plain.most_dx, tolerance);
    expect_equal(half.mean, plain.mean, tolerance);
    expect_equal(half.mean_dx, plain.mean_dx, tolerance);
  }
}

TEST(Pool2d, HalvesEqualThePlainLoops) {
  expect_halves_near_plain<bfloat16>(1e-2);
  expect_halves_near_plain<float16>(1.25e-3);
}

TEST(Pool2d, TiesNanAndInfinityAsInPyTorch) {
  const Pool2d p{1, 1, sliding_axis(2, 2, 2, 0, 1, false, true),
                 sliding_axis(8, 2, 2, 0, 1, false, true)};
  //                          tie         the last NaN    all -inf     NaN and inf
  const std::vector<float> x{1, 5, kNan, 3,    -kInf, -kInf, kInf, kNan,
                             5, 0, 2,    kNan, -kInf, -kInf, 0,    1};
  std::vector<float> y(4);
  std::vector<int32_t> index(4);
  max_pool2d(p, x.data(), y.data(), index.data());
  EXPECT_EQ(y[0], 5);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(y[2], -kInf);
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_EQ(index, (std::vector<int32_t>{1, 11, 4, 7}));
}

TEST(Pool2d, SameBitsOnAnyNumberOfThreads) {
  const int before = thread_count();
  for (const Pool2d& p : plans()) {
    set_thread_count(1);
    const auto one = run<float>(p);
    for (int threads = 2; threads <= 4; ++threads) {
      set_thread_count(threads);
      const auto many = run<float>(p);
      EXPECT_EQ(one.index, many.index);
      EXPECT_EQ(std::memcmp(one.mean.data(), many.mean.data(), one.mean.size() * 4), 0);
      EXPECT_EQ(std::memcmp(one.mean_dx.data(), many.mean_dx.data(), one.mean_dx.size() * 4), 0);
      EXPECT_EQ(std::memcmp(one.most_dx.data(), many.most_dx.data(), one.most_dx.size() * 4), 0);
    }
  }
  set_thread_count(before);
}

}  // namespace
}  // namespace strata::kernels
