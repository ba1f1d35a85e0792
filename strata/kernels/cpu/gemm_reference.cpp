// Plain products: f64, which the others are measured against, and integers, which wrap around. Rows
// of C are built from rows of B, four at a time, so that the compiler makes vectors of the inner
// loop.
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/gemm.h"

namespace strata::kernels {
namespace {

double activate(double x, Activation activation) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return x < 0 ? 0 : x;
    case Activation::gelu_tanh:
      return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case Activation::gelu_erf: return 0.5 * x * (1 + std::erf(x * 0.7071067811865476));
    case Activation::sigmoid: return 1 / (1 + std::exp(-x));
    case Activation::tanh: return std::tanh(x);
    case Activation::silu: return x / (1 + std::exp(-x));
  }
  return x;
}

// Integers are summed without a sign, so that they wrap around instead of overflowing.
template <class T>
using Sum = std::conditional_t<std::is_floating_point_v<T>, T, uint64_t>;

// sums[j] = sum over k of a[k * a_step] * b[k * b_step + j].
template <class T>
void row_sums(int64_t n, int64_t k, const T* a, int64_t a_step, const T* b, int64_t b_step,
              Sum<T>* __restrict__ sums) {
  using S = Sum<T>;
  std::fill(sums, sums + n, S{0});
  int64_t p = 0;
  for (; p + 4 <= k; p += 4) {
    const S a0 = static_cast<S>(a[p * a_step]), a1 = static_cast<S>(a[(p + 1) * a_step]);
    const S a2 = static_cast<S>(a[(p + 2) * a_step]), a3 = static_cast<S>(a[(p + 3) * a_step]);
    const T *b0 = b + p * b_step, *b1 = b0 + b_step, *b2 = b1 + b_step, *b3 = b2 + b_step;
    for (int64_t j = 0; j < n; ++j) {
      sums[j] += a0 * static_cast<S>(b0[j]) + a1 * static_cast<S>(b1[j]) +
                 a2 * static_cast<S>(b2[j]) + a3 * static_cast<S>(b3[j]);
    }
  }
  for (; p < k; ++p) {
    const S x = static_cast<S>(a[p * a_step]);
    for (int64_t j = 0; j < n; ++j) sums[j] += x * static_cast<S>(b[p * b_step + j]);
  }
}

// The transpose of [rows, columns], as [columns, rows].
template <class T>
void transpose(const T* from, int64_t ld, int64_t rows, int64_t columns, T* to) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * ld + j];
  }
}

template <class T>
void finish_row(const Gemm<T>& g, const Sum<T>* sums, const T* addend, T* c) {
  using S = Sum<T>;
  const S alpha = static_cast<S>(g.alpha), beta = static_cast<S>(g.beta);
  for (int64_t j = 0; j < g.n; ++j) {
    S v = alpha * sums[j];
    if (beta != S{0}) v += beta * static_cast<S>(addend[j]);
    if (g.bias) v += static_cast<S>(g.bias[j]);
    if constexpr (std::is_floating_point_v<T>) v = activate(v, g.activation);
    c[j] = static_cast<T>(v);
  }
}

template <class T>
void plain(const Gemm<T>& g) {
  if (g.m == 0 || g.n == 0) return;
  const int64_t grain = 1 + static_cast<int64_t>(65536 / (g.n * (g.k + 8)));
  std::vector<T> turned(static_cast<size_t>(g.b.trans ? g.n * g.k : 0));
  for (int64_t i = 0; i < numel(g.batch); ++i) {
    const T* a = g.a.data + batch_offset(g.batch, g.a.batch_strides, i);
    const T* b = g.b.data + batch_offset(g.batch, g.b.batch_strides, i);
    const int64_t to = batch_offset(g.batch, g.c.batch_strides, i);
    T* c = g.c.data + to;
    const T* addend = g.addend ? g.addend + to : c;
    int64_t ldb = g.b.ld;
    if (g.b.trans) {
      transpose(b, ldb, g.n, g.k, turned.data());
      b = turned.data();
      ldb = g.n;
    }
    parallel_for(g.m, grain, [&](int64_t begin, int64_t end) {
      std::vector<Sum<T>> sums(static_cast<size_t>(g.n));
      for (int64_t r = begin; r < end; ++r) {
        const T* row = g.a.trans ? a + r : a + r * g.a.ld;
        row_sums(g.n, g.k, row, g.a.trans ? g.a.ld : 1, b, ldb, sums.data());
        finish_row(g, sums.data(), addend + r * g.c.ld, c + r * g.c.ld);
      }
    });
  }
}

}  // namespace

void gemm(const Gemm<double>& args) { plain(args); }
void gemm(const Gemm<int64_t>& args) { plain(args); }
void gemm(const Gemm<int32_t>& args) { plain(args); }
void gemm(const Gemm<int8_t>& args) { plain(args); }
void gemm(const Gemm<uint8_t>& args) { plain(args); }

}  // namespace strata::kernels
