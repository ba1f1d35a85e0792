#include "strata/kernels/gemm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/gemm_problem.h"
#include "strata/kernels/machine.h"
#include "tests/support/difference.h"
#include "tests/support/instruction_sets.h"

namespace strata {
namespace {

using kernels::Activation;
using kernels::Gemm;

struct Case {
  int64_t m, n, k;
  bool trans_a = false, trans_b = false;
  double alpha = 1, beta = 0;
  bool bias = false;
  Activation activation = Activation::none;
  int64_t batch = 1;
  bool share_a = false, share_b = false;
  bool addend = false;  // beta multiplies a matrix of its own
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << "m " << c.m << ", n " << c.n << ", k " << c.k << ", trans " << c.trans_a << c.trans_b
       << ", alpha " << c.alpha << ", beta " << c.beta << ", bias " << c.bias << ", activation "
       << static_cast<int>(c.activation) << ", batch " << c.batch << ", addend " << c.addend;
}

/// Operands with rows that are further apart than they are long, the gaps filled with NaN.
template <class T>
struct Operands {
  explicit Operands(const Case& c) {
    const auto fill = [&](std::vector<T>& x, int64_t rows, int64_t columns, int64_t count,
                          MatrixSizes& sizes) {
      sizes.ld = columns + 3;
      sizes.stride = rows * sizes.ld + 5;
      x.assign(static_cast<size_t>(sizes.stride * count), std::numeric_limits<float>::quiet_NaN());
      for (int64_t b = 0; b < count; ++b) {
        for (int64_t i = 0; i < rows; ++i) {
          for (int64_t j = 0; j < columns; ++j) {
            x[static_cast<size_t>(b * sizes.stride + i * sizes.ld + j)] = number();
          }
        }
      }
    };
    MatrixSizes sa, sb, sc;
    fill(a, c.trans_a ? c.k : c.m, c.trans_a ? c.m : c.k, c.share_a ? 1 : c.batch, sa);
    fill(b, c.trans_b ? c.n : c.k, c.trans_b ? c.k : c.n, c.share_b ? 1 : c.batch, sb);
    fill(this->c, c.m, c.n, c.batch, sc);
    if (c.addend) {
      addend = this->c;
      std::replace_if(
          addend.begin(), addend.end(), [](T v) { return std::isnan(static_cast<double>(v)); },
          T());
    }
    if (c.beta == 0 || c.addend) std::fill(this->c.begin(), this->c.end(), std::nanf(""));
    for (int64_t j = 0; j < c.n; ++j) bias.push_back(number());
    gemm.batch = {c.batch};
    gemm.m = c.m;
    gemm.n = c.n;
    gemm.k = c.k;
    gemm.a = {a.data(), sa.ld, c.trans_a, {c.share_a ? 0 : sa.stride}};
    gemm.b = {b.data(), sb.ld, c.trans_b, {c.share_b ? 0 : sb.stride}};
    gemm.c = {this->c.data(), sc.ld, false, {sc.stride}};
    gemm.alpha = c.alpha;
    gemm.beta = c.beta;
    gemm.addend = c.addend ? addend.data() : nullptr;
    gemm.bias = c.bias ? bias.data() : nullptr;
    gemm.activation = c.activation;
  }

  struct MatrixSizes {
    int64_t ld = 0, stride = 0;
  };
  T number() {  // in [-1, 1)
    state = state * 1664525u + 1013904223u;
    return static_cast<T>(static_cast<float>(state >> 8) * 0x1p-23f - 1.0f);
  }

  uint32_t state = 1;
  std::vector<T> a, b, c, addend, bias;
  Gemm<T> gemm;
};

double activated(double x, Activation activation) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return x < 0 ? 0 : x;
    case Activation::gelu_tanh:
      return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * std::pow(x, 3))));
    case Activation::gelu_erf: return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
    case Activation::sigmoid: return 1 / (1 + std::exp(-x));
    case Activation::tanh: return std::tanh(x);
    case Activation::silu: return x / (1 + std::exp(-x));
  }
  return std::nan("");
}

/// Compares with three plain loops in f64, and looks that the gaps in C are untouched.
template <class T>
void check(const Case& s, double tolerance) {
  Operands<T> x(s);
  const std::vector<T> before = s.addend ? x.addend : x.c;
  kernels::gemm(x.gemm);
  const Gemm<T>& g = x.gemm;
  std::vector<double> got, wanted;
  for (int64_t batch = 0; batch < s.batch; ++batch) {
    const T* a = g.a.data + batch * g.a.batch_strides[0];
    const T* b = g.b.data + batch * g.b.batch_strides[0];
    const T* c = g.c.data + batch * g.c.batch_strides[0];
    for (int64_t i = 0; i < s.m; ++i) {
      for (int64_t j = 0; j < s.n; ++j) {
        double sum = 0;
        for (int64_t p = 0; p < s.k; ++p) {
          sum += static_cast<double>(s.trans_a ? a[p * g.a.ld + i] : a[i * g.a.ld + p]) *
                 static_cast<double>(s.trans_b ? b[j * g.b.ld + p] : b[p * g.b.ld + j]);
        }
        double v = s.alpha * sum;
        if (s.beta != 0) v += s.beta * static_cast<double>(before[c + i * g.c.ld + j - x.c.data()]);
        if (s.bias) v += static_cast<double>(x.bias[j]);
        wanted.push_back(activated(v, s.activation));
        got.push_back(static_cast<double>(c[i * g.c.ld + j]));
      }
      if (s.n > 0) {
        ASSERT_TRUE(std::isnan(static_cast<double>(c[i * g.c.ld + s.n])))
            << "wrote beyond row " << i << ": " << ::testing::PrintToString(s);
      }
    }
  }
  ASSERT_LE(testing::relative_difference(got, wanted, /*least_scale=*/1e-3), tolerance)
      << ::testing::PrintToString(s);
}

std::vector<Case> small_and_odd() {
  std::vector<Case> cases;
  for (const int64_t m : {0, 1, 2, 5, 6, 7, 13, 25}) {
    for (const int64_t n : {0, 1, 3, 8, 15, 16, 17, 33, 70}) {
      for (const int64_t k : {0, 1, 3, 8, 31, 66}) {
        for (const int t : {0, 1, 2, 3}) {
          cases.push_back({m, n, k, t / 2 == 1, t % 2 == 1});
          cases.push_back({m, n, k, t / 2 == 1, t % 2 == 1, -0.5, 2, true, Activation::relu});
          cases.back().addend = (m + n + k) % 2 == 1;
        }
      }
    }
  }
  return cases;
}

/// Shapes that reach each way of computing: rows of dot products, a row times a matrix, few and
/// many rows, several steps of k, several strips, short sums, several blocks of packed rows, rows
/// 2 KB apart, long sums of factors in the order of k, tasks with edges.
std::vector<Case> large() {
  std::vector<Case> cases;
  const int64_t sizes[][3] = {{1, 700, 100},   {700, 1, 130},    {1, 1100, 513},   {10, 600, 512},
                              {64, 300, 784},  {200, 201, 800},  {300, 70, 900},   {70, 300, 1000},
                              {16, 27, 9000},  {193, 17, 390},   {401, 333, 511},  {30, 50, 20000},
                              {1500, 20, 100}, {20, 1500, 100},  {300, 130, 2100}, {96, 40, 1100},
                              {500, 90, 64},   {1100, 33, 1500}, {2100, 17, 2050}, {512, 40, 600},
                              {509, 40, 600},  {70, 130, 4100},  {130, 70, 4100}};
  for (const auto& s : sizes) {
    for (const int t : {0, 1, 2, 3}) {
      cases.push_back({s[0], s[1], s[2], t / 2 == 1, t % 2 == 1});
      cases.push_back({s[0], s[1], s[2], t / 2 == 1, t % 2 == 1, 2, -1, true, Activation::relu});
      cases.push_back({s[0], s[1], s[2], t / 2 == 1, t % 2 == 1, 1, 1, true, Activation::relu});
      cases.back().addend = true;
    }
  }
  return cases;
}

/// What products on tile registers tell apart: one tile and two, whole and cut, along each extent;
/// several steps of k, strips of columns, tasks of rows and of columns, rounds of rows.
std::vector<Case> tiled() {
  std::vector<Case> cases;
  const int64_t sizes[][3] = {{1, 90, 100},   {90, 1, 100},   {16, 16, 32},    {17, 16, 33},
                              {16, 17, 64},   {32, 32, 31},   {33, 15, 96},    {48, 49, 65},
                              {130, 70, 300}, {40, 500, 700}, {70, 700, 1100}, {300, 40, 2300},
                              {20, 20, 9000}, {4100, 5, 2080}};
  for (const auto& s : sizes) {
    for (const int t : {0, 1, 2, 3}) {
      const bool trans_a = t / 2 == 1, trans_b = t % 2 == 1;
      cases.push_back({s[0], s[1], s[2], trans_a, trans_b});
      cases.push_back({s[0], s[1], s[2], trans_a, trans_b, -0.5, 2, true, Activation::relu});
    }
  }
  return cases;
}

TEST(Gemm, F32IsThePlainSum) {
  for (const Case& c : small_and_odd()) check<float>(c, 2e-6);
  for (const Case& c : large()) check<float>(c, 1e-5);
}

TEST(Gemm, F64IsThePlainSum) {
  for (const Case& c : small_and_odd()) check<double>(c, 1e-14);
}

TEST(Gemm, HalfTypesSumInF32AndRoundOnce) {
  for (const Case& c : small_and_odd()) check<bfloat16>(c, 0x1p-8);
  for (const Case& c : small_and_odd()) check<float16>(c, 0x1p-11);
  for (const Case& c : large()) check<bfloat16>(c, 0x1p-8);
  for (const Case& c : tiled()) check<bfloat16>(c, 0x1p-8);
}

TEST(Gemm, TurnedProductsEqualStraightOnes) {
  for (const Case& c : tiled()) {
    Operands<bfloat16> x({c.m, c.n, c.k, c.trans_a, c.trans_b});
    const Gemm<bfloat16>& g = x.gemm;
    kernels::GemmProblem<bfloat16> p = {};
    p.m = c.m;
    p.n = c.n;
    p.k = c.k;
    p.left = {g.a.data, g.a.trans ? 1 : g.a.ld, g.a.trans ? g.a.ld : 1};
    p.right = {g.b.data, g.b.trans ? g.b.ld : 1, g.b.trans ? 1 : g.b.ld};
    p.c = g.c.data;
    p.addend = p.c;
    p.ld = g.c.ld;
    p.alpha = 1;
    std::vector<float> bias(static_cast<size_t>(c.n));
    for (int64_t j = 0; j < c.n; ++j) bias[static_cast<size_t>(j)] = static_cast<float>(j);
    p.bias = bias.data();
    kernels::gemm_packed(p);
    const std::vector<bfloat16> straight = x.c;
    kernels::gemm_packed(p.swapped());
    for (size_t i = 0; i < x.c.size(); ++i) {
      const float a = straight[i], b = x.c[i];
      if (std::isnan(a) && std::isnan(b)) continue;  // the gaps
      ASSERT_NEAR(a, b, 0x1p-7 * std::max(1.0f, std::abs(a))) << ::testing::PrintToString(c);
    }
  }
}

TEST(Gemm, ActivationsFollowTheBias) {
  for (const Activation a : {Activation::gelu_tanh, Activation::gelu_erf, Activation::sigmoid,
                             Activation::tanh, Activation::silu}) {
    for (const int t : {0, 1, 2, 3}) {
      for (const int64_t k : {0, 20, 500}) {
        const Case c = {37, 45, k, t / 2 == 1, t % 2 == 1, 0.5, 0.25, true, a};
        check<float>(c, 1e-5);
        check<double>(c, 1e-14);
        check<bfloat16>(c, 0x1p-8);
      }
    }
  }
}

TEST(Gemm, Batches) {
  for (const int t : {0, 1, 2, 3}) {
    for (const int shared : {0, 1, 2, 3}) {
      Case c = {9, 20, 33, t / 2 == 1, t % 2 == 1, 1, 0, true};
      c.batch = 5;
      c.share_a = shared / 2 == 1;
      c.share_b = shared % 2 == 1;
      c.addend = shared > 0;
      c.beta = shared;
      check<float>(c, 2e-6);
      check<double>(c, 1e-14);
      check<bfloat16>(c, 0x1p-8);
      c.m = 130;
      c.n = 257;
      c.batch = 20;
      check<float>(c, 2e-6);
      check<bfloat16>(c, 0x1p-8);
    }
  }
}

template <class T>
void nan_stays_in_its_row() {
  for (const int64_t k : {5, 64, 500, 2100}) {
    for (const int t : {0, 1, 2, 3}) {
      Operands<T> x({40, 50, k, t / 2 == 1, t % 2 == 1, 1, 0, false, Activation::relu});
      const int64_t p = k - 1;
      x.a[static_cast<size_t>(t / 2 == 1 ? p * x.gemm.a.ld + 7 : 7 * x.gemm.a.ld + p)] =
          std::numeric_limits<float>::quiet_NaN();
      kernels::gemm(x.gemm);
      for (int64_t i = 0; i < 40; ++i) {
        for (int64_t j = 0; j < 50; ++j) {
          const auto c = static_cast<float>(x.c[static_cast<size_t>(i * x.gemm.c.ld + j)]);
          ASSERT_EQ(std::isnan(c), i == 7) << i << ", " << j;
        }
      }
    }
  }
}

TEST(Gemm, NanAndInfinityGoWhereTheyBelong) {
  nan_stays_in_its_row<float>();
  nan_stays_in_its_row<bfloat16>();
}

template <class T>
void same_bits_on_any_threads(const std::vector<Case>& cases) {
  const int threads = thread_count();
  for (Case c : cases) {
    for (const int64_t batch : {1, 3}) {
      c.batch = batch;
      Operands<T> x(c);
      for (T& v : x.c) v = std::isnan(static_cast<float>(v)) ? T(0) : v;
      const std::vector<T> before = x.c;
      std::vector<T> first;
      for (const int n : {1, 2, 3, 4}) {
        set_thread_count(n);
        std::copy(before.begin(), before.end(), x.c.begin());
        kernels::gemm(x.gemm);
        if (n == 1) first = x.c;
        ASSERT_EQ(first, x.c) << ::testing::PrintToString(c) << " on " << n << " threads";
      }
    }
  }
  set_thread_count(threads);
}

TEST(Gemm, SameBitsOnAnyNumberOfThreads) {
  same_bits_on_any_threads<float>(large());
  same_bits_on_any_threads<bfloat16>(large());
  same_bits_on_any_threads<bfloat16>(tiled());
}

TEST(Gemm, EveryInstructionSetIsRight) {
  testing::on_each_instruction_set([] {
    for (const Case& c : small_and_odd()) check<float>(c, 2e-6);
    for (const Case& c : large()) check<float>(c, 1e-5);
    check<bfloat16>({30, 50, 70, false, true}, 0x1p-8);
    const bool has_tiles = kernels::instruction_set().starts_with("AVX3");
    EXPECT_TRUE(has_tiles || !kernels::has_native_bf16());
  });
}

}  // namespace
}  // namespace strata
