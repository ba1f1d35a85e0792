#include "strata/kernels/special.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "strata/base/error.h"
#include "strata/kernels/cpu/elementwise.h"
#include "strata/kernels/cpu/gamma.h"

namespace strata::kernels {
namespace {

using Scalar1 = double (*)(double);
using Scalar2 = double (*)(double, double);

template <class T>
void loop1(const void* op, const T* const* in, T* out, int64_t n, bool) {
  const Scalar1 f = *static_cast<const Scalar1*>(op);
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(f(static_cast<double>(in[0][i])));
}

template <class T>
void loop2(const void* op, const T* const* in, T* out, int64_t n, bool) {
  const Scalar2 f = *static_cast<const Scalar2*>(op);
  for (int64_t i = 0; i < n; ++i) {
    out[i] = static_cast<T>(f(static_cast<double>(in[0][i]), static_cast<double>(in[1][i])));
  }
}

/// The inverse of erf: Giles' approximation ("Approximating the erfinv function", 2010, single
/// precision) and Newton's steps: the approximation is far off where f32 has no more
/// numbers below 1.
double erfinv(double x) {
  if (!(std::abs(x) < 1)) return std::abs(x) == 1 ? std::copysign(INFINITY, x) : NAN;
  double w = -std::log((1 - x) * (1 + x)), p = 0;
  const bool middle = w < 5;
  constexpr std::array<double, 9> kMiddle = {2.81022636e-08,  3.43273939e-07, -3.5233877e-06,
                                             -4.39150654e-06, 0.00021858087,  -0.00125372503,
                                             -0.00417768164,  0.246640727,    1.50140941};
  constexpr std::array<double, 9> kTail = {-0.000200214257, 0.000100950558, 0.00134934322,
                                           -0.00367342844,  0.00573950773,  -0.0076224613,
                                           0.00943887047,   1.00167406,     2.83297682};
  w = middle ? w - 2.5 : std::sqrt(w) - 3;
  for (const double c : middle ? kMiddle : kTail) p = p * w + c;
  double y = p * x;
  constexpr double kHalfRootPi = 0.886226925452758013649;
  for (int i = 0; i < 4; ++i) {
    // In the tails erf(y) - x would lose all digits.
    const double error = std::abs(x) < 0.5 ? std::erf(y) - x
                                           : std::copysign(1 - std::abs(x), x) -
                                                 std::copysign(std::erfc(std::abs(y)), x);
    y -= kHalfRootPi * error * std::exp(y * y);
  }
  return y;
}

double remainder(double a, double b) {
  const double r = std::fmod(a, b);
  return r != 0 && (b < 0) != (r < 0) ? r + b : r;
}

double logaddexp(double a, double b) {
  if (std::isinf(a) && a == b) return a;
  return std::fmax(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

Scalar1 scalar(Function1 f) {
  switch (f) {
    case Function1::tan: return std::tan;
    case Function1::asin: return std::asin;
    case Function1::acos: return std::acos;
    case Function1::atan: return std::atan;
    case Function1::sinh: return std::sinh;
    case Function1::cosh: return std::cosh;
    case Function1::asinh: return std::asinh;
    case Function1::acosh: return std::acosh;
    case Function1::atanh: return std::atanh;
    case Function1::log2: return std::log2;
    case Function1::log10: return std::log10;
    case Function1::exp2: return std::exp2;
    case Function1::trunc: return std::trunc;
    case Function1::erfc: return std::erfc;
    case Function1::erfinv: return erfinv;
    case Function1::lgamma: return cpu::lgamma;
    case Function1::digamma: return cpu::digamma;
  }
  return nullptr;
}

Scalar2 scalar(Function2 f) {
  switch (f) {
    case Function2::atan2: return std::atan2;
    case Function2::hypot: return std::hypot;
    case Function2::fmod: return std::fmod;
    case Function2::remainder: return remainder;
    case Function2::fmax: return std::fmax;
    case Function2::fmin: return std::fmin;
    case Function2::logaddexp: return logaddexp;
    case Function2::polygamma: return cpu::polygamma;
  }
  return nullptr;
}

/// C's remainder, and the one with the divisor's sign.
template <bool floored>
void integer_loop(const void*, const int64_t* const* in, int64_t* out, int64_t n, bool) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t a = in[0][i], b = in[1][i];
    if (b == 0) throw ValueError(floored ? "remainder" : "fmod", "an integer is divided by 0");
    const int64_t r = b == -1 ? 0 : a % b;  // the least integer by -1 overflows
    out[i] = floored && r != 0 && (b < 0) != (r < 0) ? r + b : r;
  }
}

template <bool largest>
void extreme_loop(const void*, const int64_t* const* in, int64_t* out, int64_t n, bool) {
  for (int64_t i = 0; i < n; ++i) {
    out[i] = largest ? std::max(in[0][i], in[1][i]) : std::min(in[0][i], in[1][i]);
  }
}

cpu::Loop<int64_t> integers(Function2 f) {
  switch (f) {
    case Function2::fmod: return integer_loop<false>;
    case Function2::remainder: return integer_loop<true>;
    case Function2::fmax: return extreme_loop<true>;
    case Function2::fmin: return extreme_loop<false>;
    default: return nullptr;
  }
}

}  // namespace

void special(Cpu, Function1 f, const Tensor& x, Tensor& y) {
  const cpu::Loops loops{loop1<float>, loop1<bfloat16>, loop1<double>, nullptr};
  const Scalar1 op = scalar(f);
  cpu::elementwise(loops, &op, y.dtype(), {&x}, y, cpu::Cost::heavy);
}

void special(Cpu, Function2 f, const Tensor& a, const Tensor& b, Tensor& y) {
  const cpu::Loops loops{loop2<float>, loop2<bfloat16>, loop2<double>, integers(f)};
  const Scalar2 op = scalar(f);
  cpu::elementwise(loops, &op, y.dtype(), {&a, &b}, y, cpu::Cost::heavy);
}

}  // namespace strata::kernels
