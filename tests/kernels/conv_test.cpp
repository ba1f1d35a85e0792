#include "strata/kernels/conv.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/half.h"
#include "strata/base/parallel.h"
#include "tests/support/difference.h"
#include "tests/support/instruction_sets.h"

namespace strata::kernels {
namespace {

struct Case {
  const char* name;
  Conv2dShape s;
};

// Every branch of the kernels: few and many channels, odd tails of both, padding on one side of the
// window's reach, one pixel, one row, strides beyond the window, groups, depthwise.
// clang-format off
const Case kCases[] = {
    {"lenet first", {.n = 9, .h = 28, .w = 28, .c = 1, .oc = 6, .kh = 5, .kw = 5, .pad_h = 2,
      .pad_w = 2}},
    // One channel, whose pixels are repeated for each channel of the results: numbers of channels
    // that share factors with a vector and not, windows of each height, rows that fill no tile.
    {"one channel, 3x4", {.n = 2, .h = 11, .w = 37, .c = 1, .oc = 5, .kh = 3, .kw = 4, .pad_h = 1,
      .pad_w = 1}},
    {"one channel, 7x1", {.n = 3, .h = 12, .w = 23, .c = 1, .oc = 7, .kh = 7, .kw = 1, .pad_h = 3,
      .pad_w = 2}},
    {"one channel, 5x9 to 20", {.n = 2, .h = 9, .w = 17, .c = 1, .oc = 20, .kh = 5, .kw = 9,
      .pad_h = 2, .pad_w = 3}},
    {"one channel to one, 3x11", {.n = 1, .h = 70, .w = 90, .c = 1, .oc = 1, .kh = 3, .kw = 11,
      .pad_h = 4}},
    {"one channel, few rows", {.n = 2, .h = 4, .w = 8, .c = 1, .oc = 3, .kh = 7, .kw = 7, .pad_h =
      3, .pad_w = 3}},
    {"one channel to ten, large", {.n = 1, .h = 90, .w = 61, .c = 1, .oc = 10, .kh = 7, .kw = 3,
      .pad_h = 3, .pad_w = 1}},
    {"lenet second", {.n = 9, .h = 14, .w = 14, .c = 6, .oc = 16, .kh = 5, .kw = 5}},
    {"three channels", {.n = 2, .h = 17, .w = 15, .c = 3, .oc = 20, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1}},
    {"stem", {.n = 1, .h = 31, .w = 33, .c = 3, .oc = 24, .kh = 7, .kw = 7, .stride_h = 2,
      .stride_w = 2, .pad_h = 3, .pad_w = 3}},
    {"tall stem", {.n = 1, .h = 47, .w = 13, .c = 3, .oc = 16, .kh = 5, .kw = 6, .stride_h = 2,
      .stride_w = 3, .pad_h = 2, .pad_w = 3}},
    {"tall dilated stem", {.n = 1, .h = 90, .w = 13, .c = 2, .oc = 9, .kh = 5, .kw = 5, .stride_h =
      2, .stride_w = 1, .pad_h = 3, .pad_w = 7, .dilation_h = 2}},
    {"small images", {.n = 7, .h = 4, .w = 5, .c = 32, .oc = 40, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1}},
    {"large image", {.n = 1, .h = 40, .w = 23, .c = 16, .oc = 19, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1}},
    {"stride two", {.n = 5, .h = 13, .w = 12, .c = 24, .oc = 33, .kh = 3, .kw = 3, .stride_h = 2,
      .stride_w = 2, .pad_h = 1, .pad_w = 1}},
    {"uneven", {.n = 3, .h = 11, .w = 9, .c = 5, .oc = 7, .kh = 2, .kw = 4, .stride_h = 3,
      .stride_w = 1, .pad_h = 0, .pad_w = 2, .dilation_h = 2}},
    {"dilated", {.n = 2, .h = 20, .w = 19, .c = 8, .oc = 17, .kh = 3, .kw = 3, .pad_h = 3, .pad_w
      = 2, .dilation_h = 3, .dilation_w = 2}},
    {"dilated stride", {.n = 2, .h = 20, .w = 19, .c = 9, .oc = 8, .kh = 3, .kw = 3, .stride_h =
      2, .stride_w = 3, .pad_h = 3, .pad_w = 2, .dilation_h = 3, .dilation_w = 2}},
    {"one by one", {.n = 3, .h = 9, .w = 7, .c = 48, .oc = 70, .kh = 1, .kw = 1}},
    {"one by one stride", {.n = 3, .h = 9, .w = 7, .c = 24, .oc = 40, .kh = 1, .kw = 1, .stride_h
      = 2, .stride_w = 2}},
    {"one by one stride, many pixels", {.n = 9, .h = 45, .w = 43, .c = 24, .oc = 40, .kh = 1, .kw =
      1, .stride_h = 2, .stride_w = 2}},
    {"one by one, many pixels", {.n = 5, .h = 23, .w = 21, .c = 24, .oc = 40, .kh = 1, .kw = 1}},
    {"few results", {.n = 3, .h = 13, .w = 11, .c = 33, .oc = 3, .kh = 3, .kw = 2, .pad_h = 3,
      .pad_w = 0, .dilation_h = 2}},
    {"stride beyond", {.n = 2, .h = 13, .w = 13, .c = 4, .oc = 6, .kh = 2, .kw = 2, .stride_h = 3,
      .stride_w = 4}},
    {"patches", {.n = 2, .h = 16, .w = 16, .c = 3, .oc = 50, .kh = 4, .kw = 4, .stride_h = 4,
      .stride_w = 4}},
    {"patches that leave a rest", {.n = 2, .h = 15, .w = 17, .c = 5, .oc = 30, .kh = 4, .kw = 3,
      .stride_h = 4, .stride_w = 3}},
    {"few windows", {.n = 1, .h = 5, .w = 6, .c = 200, .oc = 150, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1}},
    {"one pixel", {.n = 1, .h = 1, .w = 1, .c = 1, .oc = 1, .kh = 1, .kw = 1}},
    {"mostly padding", {.n = 4, .h = 2, .w = 3, .c = 12, .oc = 10, .kh = 3, .kw = 3, .pad_h = 4,
      .pad_w = 3}},
    {"groups", {.n = 3, .h = 8, .w = 9, .c = 32, .oc = 48, .kh = 3, .kw = 3, .pad_h = 1, .pad_w =
      1, .groups = 4}},
    {"small groups", {.n = 3, .h = 8, .w = 9, .c = 12, .oc = 24, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1, .groups = 4}},
    {"depthwise", {.n = 3, .h = 12, .w = 11, .c = 37, .oc = 37, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1, .groups = 37}},
    {"depthwise wide", {.n = 2, .h = 15, .w = 14, .c = 64, .oc = 64, .kh = 7, .kw = 7, .stride_h =
      2, .stride_w = 2, .pad_h = 3, .pad_w = 3, .groups = 64}},
    {"depthwise stride", {.n = 2, .h = 16, .w = 19, .c = 150, .oc = 150, .kh = 3, .kw = 3,
      .stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1, .groups = 150}},
    {"depthwise dilated", {.n = 2, .h = 16, .w = 19, .c = 12, .oc = 12, .kh = 4, .kw = 3,
      .stride_h = 3, .stride_w = 1, .pad_h = 5, .pad_w = 4, .dilation_w = 2, .groups = 12}},
    {"depthwise tall", {.n = 1, .h = 61, .w = 18, .c = 24, .oc = 24, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1, .groups = 24}},
    {"depthwise tall stride", {.n = 1, .h = 59, .w = 18, .c = 20, .oc = 20, .kh = 3, .kw = 5,
      .stride_h = 2, .stride_w = 3, .pad_h = 3, .pad_w = 1, .dilation_w = 3, .groups = 20}},
    {"depthwise 5x5", {.n = 1, .h = 21, .w = 9, .c = 16, .oc = 16, .kh = 5, .kw = 5, .pad_h = 2,
      .pad_w = 0, .groups = 16}},
    {"depthwise even stride", {.n = 2, .h = 12, .w = 14, .c = 40, .oc = 40, .kh = 3, .kw = 3,
      .stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1, .groups = 40}},
    {"depthwise, one small image", {.n = 1, .h = 7, .w = 5, .c = 300, .oc = 300, .kh = 3, .kw = 3,
      .pad_h = 1, .pad_w = 1, .groups = 300}},
    {"depthwise, other padding", {.n = 2, .h = 9, .w = 8, .c = 16, .oc = 16, .kh = 3, .kw = 3,
      .pad_h = 0, .pad_w = 4, .groups = 16}},
    {"depthwise, window beyond the image", {.n = 2, .h = 2, .w = 2, .c = 16, .oc = 16, .kh = 7,
      .kw = 7, .pad_h = 3, .pad_w = 3, .groups = 16}},
    {"depthwise, colliding pixels", {.n = 1, .h = 5, .w = 6, .c = 512, .oc = 512, .kh = 3, .kw = 3,
      .pad_h = 1, .pad_w = 1, .groups = 512}},
    {"groups of four", {.n = 2, .h = 9, .w = 11, .c = 36, .oc = 36, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1, .groups = 9}},
    {"groups of four, stride", {.n = 2, .h = 9, .w = 11, .c = 20, .oc = 20, .kh = 3, .kw = 4,
      .stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1, .groups = 5}},
    {"few windows of a stride", {.n = 2, .h = 9, .w = 8, .c = 200, .oc = 150, .kh = 3, .kw = 3,
      .stride_h = 2, .stride_w = 3, .pad_h = 1, .pad_w = 2}},
    {"merged groups", {.n = 2, .h = 9, .w = 8, .c = 24, .oc = 48, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1, .groups = 12}},
    {"depth multiplier", {.n = 2, .h = 7, .w = 8, .c = 10, .oc = 20, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1, .groups = 10}},
    {"many channels", {.n = 8, .h = 4, .w = 4, .c = 128, .oc = 136, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1}},
    {"many weights", {.n = 2, .h = 6, .w = 7, .c = 256, .oc = 130, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1}},
    // Few channels, whose way back runs along the pixels: widths of whole vectors and parts, rows
    // that fill no tile, windows beyond the padding and within it.
    {"two channels, wide", {.n = 2, .h = 9, .w = 50, .c = 2, .oc = 8, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1}},
    {"five channels, dilated", {.n = 2, .h = 11, .w = 13, .c = 5, .oc = 9, .kh = 3, .kw = 2, .pad_h
      = 5, .pad_w = 4, .dilation_h = 2, .dilation_w = 3}},
    {"seven channels, many results", {.n = 1, .h = 40, .w = 34, .c = 7, .oc = 70, .kh = 3, .kw = 3,
      .pad_h = 2, .pad_w = 0}},
    {"four channels, one row", {.n = 3, .h = 1, .w = 8, .c = 4, .oc = 5, .kh = 1, .kw = 3}},
    {"stride two, small images", {.n = 11, .h = 8, .w = 7, .c = 32, .oc = 40, .kh = 3, .kw = 3,
      .stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1}},
    {"large windows", {.n = 8, .h = 24, .w = 24, .c = 8, .oc = 64, .kh = 9, .kw = 9}},
    // Winograd's way: few tiles and many, images that are no multiple of a tile, channels that fill
    // no vector, every padding.
    {"few tiles", {.n = 9, .h = 7, .w = 9, .c = 150, .oc = 29, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1}},
    {"no padding", {.n = 13, .h = 8, .w = 14, .c = 16, .oc = 16, .kh = 3, .kw = 3}},
    {"many tiles", {.n = 3, .h = 37, .w = 35, .c = 21, .oc = 70, .kh = 3, .kw = 3, .pad_h = 0,
      .pad_w = 1}},
    {"many tiles, wide padding", {.n = 3, .h = 34, .w = 35, .c = 64, .oc = 19, .kh = 3, .kw = 3,
      .pad_h = 2, .pad_w = 3}},
    {"blocks of tiles", {.n = 60, .h = 16, .w = 15, .c = 16, .oc = 80, .kh = 3, .kw = 3, .pad_h = 1,
      .pad_w = 1}},
};
// clang-format on

std::vector<float> values(int64_t count, uint64_t stream) {
  std::vector<float> v(static_cast<size_t>(count));
  uint64_t state = stream * 0x9e3779b97f4a7c15u + 1;
  for (float& x : v) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    x = static_cast<float>(static_cast<double>(state >> 40) / (1 << 23) - 1.0);
  }
  return v;
}

template <class To, class From>
std::vector<To> convert(const std::vector<From>& v) {
  std::vector<To> out(v.size());
  std::transform(v.begin(), v.end(), out.begin(), [](From x) { return To(static_cast<float>(x)); });
  return out;
}

template <class T>
struct Results {
  std::vector<T> y, sum, dx, dw, dbias;  // `sum` has a residual added
};

template <class T>
Results<T> run(const Conv2dShape& s, bool relu) {
  const auto x = convert<T>(values(s.x_size(), 1)), w = convert<T>(values(s.w_size(), 2));
  const auto b = convert<T>(values(s.oc, 3)), dy = convert<T>(values(s.y_size(), 4));
  const auto residual = convert<T>(values(s.y_size(), 5));
  const auto blank = [](int64_t n) {
    return std::vector<T>(static_cast<size_t>(n), T(std::numeric_limits<float>::quiet_NaN()));
  };
  Results<T> r{blank(s.y_size()), blank(s.y_size()), blank(s.x_size()), blank(s.w_size()),
               blank(s.oc)};
  conv2d(s, x.data(), w.data(), b.data(), relu, r.y.data());
  conv2d_add(s, x.data(), w.data(), b.data(), residual.data(), relu, r.sum.data());
  conv2d_backward_data(s, dy.data(), w.data(), r.dx.data());
  conv2d_backward_weights(s, x.data(), dy.data(), r.dw.data(), r.dbias.data());
  return r;
}

template <class T>
double error(const std::vector<T>& a, const std::vector<double>& b) {
  return testing::relative_difference({a.begin(), a.end()}, b);
}

template <class T>
void compare(double tolerance) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const auto fast = run<T>(c.s, true);
    const auto plain = run<double>(c.s, true);
    EXPECT_LE(error(fast.y, plain.y), tolerance);
    EXPECT_LE(error(fast.sum, plain.sum), tolerance);
    EXPECT_LE(error(fast.dx, plain.dx), tolerance);
    EXPECT_LE(error(fast.dw, plain.dw), tolerance);
    EXPECT_LE(error(fast.dbias, plain.dbias), tolerance);
  }
}

// Halves are rounded inputs, which the f64 run does not see; sums of random signs keep that small.
TEST(Conv2d, F32EqualsF64) {
  testing::on_each_instruction_set([] { compare<float>(5e-6); });
}
TEST(Conv2d, Bf16EqualsF64) { compare<bfloat16>(2e-2); }
TEST(Conv2d, F16EqualsF64) { compare<float16>(2.5e-3); }

TEST(Conv2d, PlainF64ByHand) {
  // 1 2 3   kernel 1 10, padding 1 on the left and the right: 10 21 32 3.
  const Conv2dShape s{.h = 1, .w = 3, .kh = 1, .kw = 2, .pad_w = 1};
  const std::vector<double> x{1, 2, 3}, w{1, 10}, b{0.5}, dy{1, 2, 3, 4};
  std::vector<double> y(4), dx(3), dw(2), db(1);
  conv2d(s, x.data(), w.data(), b.data(), false, y.data());
  EXPECT_EQ(y, (std::vector<double>{10.5, 21.5, 32.5, 3.5}));
  conv2d_backward_data(s, dy.data(), w.data(), dx.data());
  EXPECT_EQ(dx, (std::vector<double>{12, 23, 34}));
  conv2d_backward_weights(s, x.data(), dy.data(), dw.data(), db.data());
  EXPECT_EQ(dw, (std::vector<double>{20, 14}));
  EXPECT_EQ(db, (std::vector<double>{10}));
}

TEST(Conv2d, SameBitsOnAnyNumberOfThreads) {
  const int before = thread_count();
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    set_thread_count(1);
    const auto one = run<float>(c.s, false);
    for (int threads = 2; threads <= 4; ++threads) {
      set_thread_count(threads);
      const auto many = run<float>(c.s, false);
      const auto same = [](const std::vector<float>& a, const std::vector<float>& b) {
        return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
      };
      EXPECT_TRUE(same(one.y, many.y) && same(one.dx, many.dx) && same(one.dw, many.dw) &&
                  same(one.dbias, many.dbias))
          << threads << " threads";
    }
  }
  set_thread_count(before);
}

TEST(Conv2d, NoImagesGiveZeroGradients) {
  const Conv2dShape s{.n = 0, .h = 8, .w = 8, .c = 8, .oc = 4, .kh = 3, .kw = 3};
  const auto r = run<float>(s, true);
  EXPECT_EQ(r.dw, std::vector<float>(static_cast<size_t>(s.w_size()), 0.0f));
  EXPECT_EQ(r.dbias, std::vector<float>(4, 0.0f));
}

TEST(Conv2d, ReluKeepsNan) {
  const Conv2dShape s{.h = 1, .w = 3, .c = 1, .oc = 1};
  const std::vector<float> x{-1, std::numeric_limits<float>::quiet_NaN(), 2}, w{1};
  std::vector<float> y(3);
  conv2d(s, x.data(), w.data(), nullptr, true, y.data());
  EXPECT_EQ(y[0], 0);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(y[2], 2);
}

// One value that is not finite, or too large for sums of it, reaches the same results as in f64.
void check_one_bad_value(int64_t groups) {
  const Conv2dShape s{.n = 2,
                      .h = 20,
                      .w = 20,
                      .c = 16,
                      .oc = 16,
                      .kh = 3,
                      .kw = 3,
                      .pad_h = 1,
                      .pad_w = 1,
                      .groups = groups};
  const auto w = values(s.w_size(), 2), clean = values(s.x_size(), 1);
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 3e38f}) {
    auto x = clean;
    x[static_cast<size_t>((5 * s.w + 9) * s.c + 3)] = bad;
    const std::vector<double> wide_x(x.begin(), x.end()), wide_w(w.begin(), w.end());
    std::vector<float> y(static_cast<size_t>(s.y_size())), dx(y.size()), dw(w.size());
    std::vector<double> plain(y.size()), plain_dw(w.size());
    const auto same = [](const auto& a, const auto& b, float large) {
      size_t count = 0;
      for (size_t i = 0; i < a.size(); ++i) {
        const bool both_finite = std::isfinite(a[i]) && std::fabs(b[i]) < large;
        const bool neither = !std::isfinite(a[i]) && !(std::fabs(b[i]) < large);
        count += both_finite || neither ? 1 : 0;
      }
      return count == a.size();
    };
    const float large = std::numeric_limits<float>::max();
    conv2d(s, x.data(), w.data(), nullptr, false, y.data());
    conv2d(s, wide_x.data(), wide_w.data(), nullptr, false, plain.data());
    EXPECT_TRUE(same(y, plain, large)) << bad;
    conv2d_backward_data(s, x.data(), w.data(), dx.data());
    conv2d_backward_data(s, wide_x.data(), wide_w.data(), plain.data());
    EXPECT_TRUE(same(dx, plain, large)) << bad;
    conv2d_backward_weights(s, x.data(), clean.data(), dw.data(), nullptr);
    const std::vector<double> wide_dy(clean.begin(), clean.end());
    conv2d_backward_weights(s, wide_x.data(), wide_dy.data(), plain_dw.data(), nullptr);
    EXPECT_TRUE(same(dw, plain_dw, large)) << bad;
  }
}

// Winograd's transforms would spread it over the tile.
TEST(Conv2d, OneBadValueStaysInItsWindows) { check_one_bad_value(1); }
// Nor do rows and columns beyond the window's reach, whose gradients count as zero.
TEST(Conv2d, OneBadValueOfOneChannelStaysInItsWindows) {
  const Conv2dShape s{.n = 2, .h = 12, .w = 14, .c = 1, .oc = 6, .kh = 5, .kw = 5};
  const auto dy = values(s.y_size(), 2), clean = values(s.x_size(), 1);
  auto x = clean;
  x[0] = std::numeric_limits<float>::infinity();  // under the first tap alone
  const std::vector<double> wide_x(x.begin(), x.end()), wide_dy(dy.begin(), dy.end());
  std::vector<float> dw(static_cast<size_t>(s.w_size()));
  std::vector<double> plain(dw.size());
  conv2d_backward_weights(s, x.data(), dy.data(), dw.data(), nullptr);
  conv2d_backward_weights(s, wide_x.data(), wide_dy.data(), plain.data(), nullptr);
  for (size_t i = 0; i < dw.size(); ++i) {
    EXPECT_EQ(std::isfinite(dw[i]), std::isfinite(plain[i])) << i;
  }
}
// The zeros between groups computed as one would spread it.
TEST(Conv2d, OneBadValueStaysInItsGroup) {
  check_one_bad_value(4);
  check_one_bad_value(8);
}

}  // namespace
}  // namespace strata::kernels
