#include "strata/kernels/incomplete_gamma.h"

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "strata/kernels/cpu/elementwise.h"
#include "strata/kernels/cpu/gamma.h"

namespace strata::kernels {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
/// From here on the expansion for large a serves near x = a, where series and fraction are slow.
constexpr double kLarge = 1000;

/// d - log(1 + d) for d = (x - a) / a, with the digits of a small d and of a small x / a.
double excess(double a, double x) {
  const double d = (x - a) / a;
  if (std::abs(d) > 0.1) return d - std::log(x / a);
  double power = d * d, sum = 0;
  for (int n = 2; std::abs(power) > 1e-18 * std::abs(sum); ++n, power *= -d) sum += power / n;
  return sum;
}

/// x^a e^-x / gamma(a + 1).
double front(double a, double x) {
  if (a < 10) return std::exp(a * std::log(x) - x - cpu::lgamma(a + 1));
  // By Stirling's series, as the logarithms' difference has no digits for a large a.
  const double r = 1 / (a * a);
  const double tail =
      (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r / 1188)))) / a;
  return std::exp(-a * excess(a, x) - tail) / std::sqrt(2 * std::numbers::pi * a);
}

/// P = front (1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ...).
double lower_series(double a, double x) {
  double term = 1, sum = 1;
  for (double n = a + 1; term > 0.1 * kEpsilon * sum; ++n) {
    term *= x / n;
    sum += term;
  }
  return front(a, x) * sum;
}

/// log(gamma(a + 1)), with the digits of a small a: its Taylor series, of coefficients zeta(n) / n.
double log_gamma_next(double a) {
  if (a > 1e-3) return cpu::lgamma(a + 1);
  constexpr double kZeta3 = 1.2020569031595942, kZeta5 = 1.0369277551433699;
  constexpr double kSquare = std::numbers::pi * std::numbers::pi;
  const double fourth = kSquare * kSquare / 360 - a * kZeta5 / 5;
  return a * (-std::numbers::egamma + a * (kSquare / 12 - a * (kZeta3 / 3 - a * fourth)));
}

/// 1 - P for small a and x, where P is near 1: P = x^a / gamma(a + 1) (1 + a sum), the sum of
/// (-x)^n / ((a + n) n!).
double upper_series(double a, double x) {
  double power = 1, sum = 0;
  for (int n = 1; std::abs(power) > 0.1 * kEpsilon * std::abs(sum); ++n) {
    power *= -x / n;
    sum += power / (a + n);
  }
  const double log_front = a * std::log(x) - log_gamma_next(a);
  return -std::expm1(log_front) - std::exp(log_front) * a * sum;
}

/// 1 - P = a front / (b0 + c1 / (b1 + c2 / ...)), b = x + 2n + 1 - a, c = n (a - n), as by Lentz.
double upper_fraction(double a, double x) {
  constexpr double kTiny = 1e-280;
  constexpr int kMost = 20000;
  double b = x + 1 - a, up = b, down = 0, value = b;
  if (b == 0) up = value = kTiny;
  for (int n = 1; n < kMost; ++n) {
    b += 2;
    const double c = n * (a - n);
    up = b + c / up;
    if (std::abs(up) < kTiny) up = kTiny;
    down = b + c * down;
    if (std::abs(down) < kTiny) down = kTiny;
    down = 1 / down;
    value *= up * down;
    if (std::abs(up * down - 1) < kEpsilon) break;
  }
  return a * front(a, x) / value;
}

/// P or 1 - P for a large a and an x near it: DLMF 8.12.3, 8.12.4 and 8.12.10 (Temme, "The
/// asymptotic expansion of the incomplete gamma functions", 1979).
double expansion(double a, double x, bool upper) {
  constexpr int kOrders = 4, kPowers = 14;
  constexpr std::array<std::array<double, kPowers>, kOrders> kCoefficients = {{
      {-1.0 / 3, 1.0 / 12, -0.014814814814814815, 0.0011574074074074073, 0.00035273368606701942,
       -0.0001787551440329218, 3.9192631785224377e-05, -2.185448510679992e-06,
       -1.85406221071516e-06, 8.2967113409530865e-07, -1.7665952736826078e-07,
       6.7078535434014984e-09, 1.0261809784240309e-08, -4.3820360184533529e-09},
      {-0.0018518518518518519, -0.003472222222222222, 0.0026455026455026454,
       -0.00099022633744855963, 0.00020576131687242798, -4.018775720164609e-07,
       -1.8098550334489977e-05, 7.6491609160811098e-06, -1.6120900894563446e-06,
       4.647127802807434e-09},
      {0.0041335978835978834, -0.0026813271604938273, 0.0007716049382716049, 2.0093878600823047e-06,
       -0.0001073665322636516, 5.2923448829120125e-05},
      {0.00064943415637860077, 0.00022947209362139917, -0.0004691894943952557,
       0.00026772063206283885},
  }};
  const double d = (x - a) / a, half_square = excess(a, x);
  const double eta = std::copysign(std::sqrt(2 * half_square), d);
  double sum = 0;
  for (int k = kOrders - 1; k >= 0; --k) {
    double c = 0;
    for (int n = kPowers - 1; n >= 0; --n) c = c * eta + kCoefficients[k][n];
    sum = sum / a + c;
  }
  const double rest = std::exp(-a * half_square) / std::sqrt(2 * std::numbers::pi * a) * sum;
  const double way = eta * std::sqrt(a / 2);
  return upper ? 0.5 * std::erfc(way) + rest : 0.5 * std::erfc(-way) - rest;
}

double upper_value(double a, double x);

double lower_value(double a, double x) {
  return x > 1 && x > a ? 1 - upper_value(a, x) : lower_series(a, x);
}

double upper_value(double a, double x) {
  if (x > 1.1) return x < a ? 1 - lower_series(a, x) : upper_fraction(a, x);
  const bool near_one = x <= 0.5 ? a <= -0.4 / std::log(x) : a <= 1.1 * x;
  return near_one ? upper_series(a, x) : 1 - lower_series(a, x);
}

/// With PyTorch's values at the ends.
template <bool upper>
double incomplete(double a, double x) {
  if (!(a >= 0) || !(x >= 0) || (a == 0 && x == 0)) return NAN;
  if (std::isinf(a)) return std::isinf(x) ? NAN : upper ? 1 : 0;
  if (x == 0) return upper ? 1 : 0;
  if (a == 0 || std::isinf(x)) return upper ? 0 : 1;
  if (a > kLarge && std::abs(x - a) < 0.3 * a) return expansion(a, x, upper);
  return upper ? upper_value(a, x) : lower_value(a, x);
}

template <class T, bool upper>
void loop(const void*, const T* const* in, T* out, int64_t n, bool) {
  for (int64_t i = 0; i < n; ++i) {
    out[i] = static_cast<T>(
        incomplete<upper>(static_cast<double>(in[0][i]), static_cast<double>(in[1][i])));
  }
}

template <bool upper>
void each(const Tensor& a, const Tensor& x, Tensor& y) {
  const cpu::Loops loops{loop<float, upper>, loop<bfloat16, upper>, loop<double, upper>};
  cpu::elementwise(loops, nullptr, y.dtype(), {&a, &x}, y, cpu::Cost::heavy);
}

}  // namespace

void igamma(Cpu, const Tensor& a, const Tensor& x, Tensor& y) { each<false>(a, x, y); }

void igammac(Cpu, const Tensor& a, const Tensor& x, Tensor& y) { each<true>(a, x, y); }

}  // namespace strata::kernels
