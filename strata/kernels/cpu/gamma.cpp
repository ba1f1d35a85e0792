#include "strata/kernels/cpu/gamma.h"

#include <array>
#include <cmath>
#include <numbers>

#include <math.h>  // lgamma_r is POSIX, not in <cmath>

namespace strata::kernels::cpu {
namespace {

/// From here down derivatives of the second order and above would take too many terms.
constexpr double kLeast = -1e6;

/// B(2k) for k = 1, 2, ...: Bernoulli's numbers.
constexpr std::array<double, 12> kBernoulli = {
    1.0 / 6, -1.0 / 30,     1.0 / 42,      -1.0 / 30,       5.0 / 66,       -691.0 / 2730,
    7.0 / 6, -3617.0 / 510, 43867.0 / 798, -174611.0 / 330, 854513.0 / 138, -236364091.0 / 2730};

/// sum over k >= 0 of (x + k)^-s, for s > 1: some terms, and Euler's and Maclaurin's formula for
/// the rest.
double zeta(double s, double x) {
  if (x <= 0 && x == std::floor(x)) return INFINITY;
  double sum = 0, a = x;
  for (int k = 0; k < 12 || a < 12; ++k, a += 1) sum += std::pow(a, -s);
  sum += std::pow(a, 1 - s) / (s - 1) + 0.5 * std::pow(a, -s);
  // B(2k) / (2k)! s (s + 1) ... (s + 2k - 2) a^-(s + 2k - 1)
  double factor = s * std::pow(a, -s - 1) / 2;
  for (size_t k = 0; k < kBernoulli.size(); ++k) {
    sum += kBernoulli[k] * factor;
    const double next = 2 * static_cast<double>(k) + 1;
    factor *= (s + next) * (s + next + 1) / ((next + 2) * (next + 3)) / (a * a);
  }
  return sum;
}

}  // namespace

double lgamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

double digamma(double x) {
  if (x == 0) return std::copysign(INFINITY, -x);
  if (x < 0) {
    if (x == std::floor(x)) return NAN;
    const double turn = x - std::trunc(x);  // exact, where pi x would lose the fraction
    return digamma(1 - x) - std::numbers::pi / std::tan(std::numbers::pi * turn);
  }
  if (x == INFINITY) return x;
  double y = 0;
  for (; x < 10; x += 1) y -= 1 / x;
  const double inverse = 1 / (x * x);
  double power = inverse, series = 0;
  for (size_t k = 0; k < 8; ++k, power *= inverse) {
    series += kBernoulli[k] / (2 * static_cast<double>(k) + 2) * power;
  }
  return y + std::log(x) - 0.5 / x - series;
}

double polygamma(double n, double x) {
  if (n == 0) return digamma(x);
  if (n == 1 && x < 0 && x != std::floor(x)) {
    const double turn = std::numbers::pi / std::sin(std::numbers::pi * (x - std::trunc(x)));
    return turn * turn - polygamma(1, 1 - x);
  }
  if (x < kLeast) return NAN;
  const double size = std::tgamma(n + 1) * zeta(n + 1, x);
  return std::fmod(n, 2) == 0 ? -size : size;
}

}  // namespace strata::kernels::cpu
