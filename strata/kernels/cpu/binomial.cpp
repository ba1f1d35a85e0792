#include "strata/kernels/binomial.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "strata/kernels/cpu/draws.h"
#include "strata/kernels/cpu/open_unit.h"

namespace strata::kernels {
namespace {

using cpu::Source;

/// log(k!) beyond Stirling's formula log(sqrt(2 pi)) + (k + 1/2) log(k + 1) - (k + 1).
double stirling_tail(double k) {
  constexpr std::array<double, 10> kFirst = {
      0.0810614667953272,  0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
      0.0166446911898211,  0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
      0.00925546218271273, 0.00833056343336287};
  if (k < 10) return kFirst[static_cast<size_t>(k)];
  const double square = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

/// For p <= 1/2 and few expected successes.
double by_inverse(double n, double p, const Source& source) {
  const auto r = source.words(0);
  const double u = cpu::open_unit(r[0], r[1]), odds = p / (1 - p);
  double k = 0, q = std::exp(n * std::log1p(-p)), below = q;
  while (u > below && k < n && q > 0) {
    q *= odds * (n - k) / (k + 1);
    below += q;
    ++k;
  }
  return k;
}

/// For p <= 1/2 and n p >= 10.
double by_rejection(double n, double p, const Source& source) {
  const double spread = std::sqrt(n * p * (1 - p));
  const double b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double c = n * p + 0.5, v_r = 0.92 - 4.2 / b, alpha = (2.83 + 5.1 / b) * spread;
  const double odds = p / (1 - p), m = std::floor((n + 1) * p);
  for (uint64_t attempt = 0; attempt < cpu::kAttempts; ++attempt) {
    const auto r = source.words(attempt);
    const double u = cpu::open_unit(r[0], r[1]) - 0.5, v = cpu::open_unit(r[2], r[3]);
    const double us = 0.5 - std::abs(u), k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= v_r) return k;
    if (k < 0 || k > n) continue;
    // The probabilities of k and m compared by the way between: what is as large as n cancels out.
    const double way = k - m;
    const double bound = way * std::log(odds * (n - m + 1) / (m + 1)) -
                         (k + 0.5) * std::log1p(way / (m + 1)) -
                         (n - k + 0.5) * std::log1p(-way / (n - m + 1)) + stirling_tail(m) +
                         stirling_tail(n - m) - stirling_tail(k) - stirling_tail(n - k);
    if (std::log(v * alpha / (a / (us * us) + b)) <= bound) return k;
  }
  return m;
}

double binomial_draw(double n, double p, const Source& source) {
  if (!(n >= 0) || std::isinf(n) || !(p >= 0 && p <= 1)) return NAN;
  if (p > 0.5) return n - binomial_draw(n, 1 - p, source);
  return n * p < 10 ? by_inverse(n, p, source) : by_rejection(n, p, source);
}

}  // namespace

void binomial_draws(Cpu, uint64_t seed, uint64_t stream, const Tensor& count, const Tensor& probs,
                    Tensor& y) {
  cpu::each_draw(seed, stream, count, probs, y, binomial_draw);
}

void multinomial_draws(Cpu, uint64_t seed, uint64_t stream, int64_t count, const Tensor& share,
                       Tensor& y) {
  constexpr int64_t kGrain = 512;
  const int64_t classes = y.size(-1), rows = y.numel() / classes;
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (is_floating(dtype_of<T>)) {
      const T* shares = share.data<T>();
      T* out = y.data<T>();
      parallel_for(rows, std::max<int64_t>(kGrain / classes, 1), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          auto left = static_cast<double>(count);
          for (int64_t i = row * classes; i < (row + 1) * classes; ++i) {
            const Source source{seed, stream, static_cast<uint64_t>(i)};
            const double k = binomial_draw(left, static_cast<double>(shares[i]), source);
            out[i] = cpu::rounded<T>(k);
            left -= k;
          }
        }
      });
    }
  });
}

}  // namespace strata::kernels
