#include "strata/kernels/variates.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "strata/base/least_normal.h"
#include "strata/base/parallel.h"
#include "strata/kernels/cpu/draws.h"
#include "strata/kernels/cpu/gamma.h"
#include "strata/kernels/cpu/open_unit.h"

namespace strata::kernels {
namespace {

using cpu::kAttempts;
using cpu::rounded;
using cpu::Source;

constexpr int64_t kGrain = 512;

/// In (0, 1), of 32 bits.
double unit(uint32_t bits) { return (bits + 0.5) * 0x1p-32; }

/// The logarithm of a gamma draw.
double log_gamma_draw(double concentration, const Source& source) {
  if (!(concentration > 0)) return NAN;
  if (std::isinf(concentration)) return concentration;
  double boost = 0;
  if (concentration < 1) {
    const auto r = source.words(0);
    boost = std::log(cpu::open_unit(r[0], r[1])) / concentration;
  }
  const double d = (concentration < 1 ? concentration + 1 : concentration) - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (uint64_t attempt = 1; attempt <= kAttempts; ++attempt) {
    const auto r = source.words(attempt);
    const double radius = std::sqrt(-2 * std::log(cpu::open_unit(r[0], r[1])));
    const double x = radius * std::cos(2 * std::numbers::pi * unit(r[2]));
    const double t = c * x;
    if (t <= -1) continue;
    const double log_v = 3 * std::log1p(t);
    // d (1 - v + log(v)) in the form that keeps its digits for a small t.
    const double excess = d * (log_v - 3 * t - t * t * (3 + t));
    if (std::log(unit(r[3])) < 0.5 * x * x + excess) return std::log(d) + log_v + boost;
  }
  return std::log(d) + boost;
}

/// d log(z) / da of P(a, z) = const for z below a + 1, by the derivative of the series
/// P = z^a e^-z / gamma(a + 1) (1 + z / (a + 1) + z^2 / ((a + 1) (a + 2)) + ...).
double slope_by_series(double a, double log_z) {
  const double z = std::exp(log_z);
  double term = 1, term_slope = 0, sum = 1, sum_slope = 0;
  for (double n = a + 1; term > 1e-17 * sum || -term_slope > 1e-17 * -sum_slope; ++n) {
    term_slope = (term_slope - term / n) * (z / n);
    term *= z / n;
    sum += term;
    sum_slope += term_slope;
  }
  return -(sum * (log_z - cpu::digamma(a + 1)) + sum_slope) / a;
}

/// The same above it, by the derivative of the continued fraction (evaluated as by Lentz)
/// 1 - P = z^a e^-z / gamma(a) / (b0 + c1 / (b1 + c2 / (b2 + ...))), b = z + 2n + 1 - a,
/// c = n (a - n).
double slope_by_fraction(double a, double log_z) {
  constexpr double kTiny = 1e-280;
  constexpr int kMost = 20000;
  double b = std::exp(log_z) + 1 - a;
  double value = b, log_slope = -1 / b;
  double up = b, up_slope = -1, down = 0, down_slope = 0;
  for (int n = 1; n < kMost; ++n) {
    b += 2;
    const double c = n * (a - n);
    up_slope = -1 + n / up - c * up_slope / (up * up);
    up = b + c / up;
    if (std::abs(up) < kTiny) up = kTiny;
    double below = b + c * down;
    if (std::abs(below) < kTiny) below = kTiny;
    down_slope = -(-1 + n * down + c * down_slope) / (below * below);
    down = 1 / below;
    const double change = up_slope / up + down_slope / down;
    value *= up * down;
    log_slope += change;
    if (std::abs(up * down - 1) < 1e-15 && std::abs(change) < 1e-15 * std::abs(log_slope)) break;
  }
  return (log_z - cpu::digamma(a) - log_slope) / value;
}

/// The same for a large a, by the expansion of the quantile z in the normal one u (Cornish and
/// Fisher, 1938).
double slope_by_expansion(double a, double log_z) {
  const double root = std::sqrt(a), z = std::exp(log_z);
  double u = (z - a) / root;
  for (int i = 0; i < 4; ++i) {
    const double miss = a + root * u + (u * u - 1) / 3 + (u * u - 7) * u / (36 * root) - z;
    u -= miss / (root + 2 * u / 3 + (3 * u * u - 7) / (36 * root));
  }
  return (1 + u / (2 * root) - (u * u - 7) * u / (72 * a * root)) / z;
}

double gamma_slope(double a, double log_z) {
  constexpr double kLarge = 1e4;
  if (!(a > 0) || std::isinf(a) || std::isnan(log_z)) return NAN;
  if (a > kLarge) return slope_by_expansion(a, log_z);
  return std::exp(log_z) <= a + 1 ? slope_by_series(a, log_z) : slope_by_fraction(a, log_z);
}

double poisson_by_inverse(double rate, const Source& source) {
  const auto r = source.words(0);
  const double u = cpu::open_unit(r[0], r[1]);
  double k = 0, p = std::exp(-rate), below = p;
  while (u > below && p > 0) {
    p *= rate / ++k;
    below += p;
  }
  return k;
}

double poisson_by_rejection(double rate, const Source& source) {
  const double log_rate = std::log(rate), b = 0.931 + 2.53 * std::sqrt(rate);
  const double a = -0.059 + 0.02483 * b;
  const double log_inverse_alpha = std::log(1.1239 + 1.1328 / (b - 3.4));
  const double squeeze = 0.9277 - 3.6224 / (b - 2);
  for (uint64_t attempt = 0; attempt < kAttempts; ++attempt) {
    const auto r = source.words(attempt);
    const double u = cpu::open_unit(r[0], r[1]) - 0.5, v = cpu::open_unit(r[2], r[3]),
                 us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v) + log_inverse_alpha - std::log(a / (us * us) + b) <=
        k * log_rate - rate - cpu::lgamma(k + 1)) {
      return k;
    }
  }
  return std::floor(rate);
}

double poisson_draw(double rate, const Source& source) {
  if (!(rate >= 0)) return NAN;
  if (std::isinf(rate)) return rate;
  return rate < 10 ? poisson_by_inverse(rate, source) : poisson_by_rejection(rate, source);
}

/// Calls f(T{}) with y's element type, a floating one.
template <class F>
void visit_floating(const Tensor& y, F f) {
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (is_floating(dtype_of<T>)) f(T{});
  });
}

/// y[i] = draw(x[i], the source of element i).
template <class Draw>
void each_draw(uint64_t seed, uint64_t stream, const Tensor& x, Tensor& y, Draw draw) {
  visit_floating(y, [&](auto t) {
    using T = decltype(t);
    const T* in = x.data<T>();
    T* out = y.data<T>();
    parallel_for(y.numel(), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const Source source{seed, stream, static_cast<uint64_t>(i)};
        out[i] = draw(t, static_cast<double>(in[i]), source);
      }
    });
  });
}

}  // namespace

void gamma_draws(Cpu, uint64_t seed, uint64_t stream, GammaForm form, const Tensor& concentration,
                 Tensor& y) {
  each_draw(seed, stream, concentration, y, [form](auto t, double a, const Source& source) {
    using T = decltype(t);
    const double log_z = log_gamma_draw(a, source);
    if (form == GammaForm::logarithm) return rounded<T>(log_z);
    return rounded<T>(std::max(std::exp(log_z), least_normal(dtype_of<T>)));  // NaN stays
  });
}

void gamma_slopes(Cpu, GammaForm form, const Tensor& concentration, const Tensor& y,
                  Tensor& slope) {
  visit_floating(y, [&](auto t) {
    using T = decltype(t);
    const T *as = concentration.data<T>(), *draws = y.data<T>();
    T* out = slope.data<T>();
    parallel_for(y.numel(), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const auto a = static_cast<double>(as[i]), z = static_cast<double>(draws[i]);
        if (form == GammaForm::logarithm) {
          out[i] = rounded<T>(gamma_slope(a, z));
        } else {
          out[i] = z == 0 ? T(0) : rounded<T>(z * gamma_slope(a, std::log(z)));
        }
      }
    });
  });
}

void poisson_draws(Cpu, uint64_t seed, uint64_t stream, const Tensor& rate, Tensor& y) {
  each_draw(seed, stream, rate, y, [](auto t, double lambda, const Source& source) {
    return rounded<decltype(t)>(poisson_draw(lambda, source));
  });
}

}  // namespace strata::kernels
