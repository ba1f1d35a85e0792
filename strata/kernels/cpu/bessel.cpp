#include "strata/kernels/bessel.h"

#include <cmath>
#include <numbers>

#include "strata/kernels/cpu/elementwise.h"

namespace strata::kernels {
namespace {

/// I_order(x) e^-x for x >= 0: the power series, all of whose terms are positive, and from 30 on
/// the asymptotic one, whose least term is below e^-60 there (DLMF 10.25.2 and 10.40.1).
template <int order>
double scaled(double x) {
  if (std::isinf(x)) return 0;
  if (x < 30) {
    const double quarter = x * x / 4;
    double term = order == 0 ? 1 : x / 2, sum = term;
    for (int k = 1; term > 1e-18 * sum; ++k) {
      term *= quarter / (k * static_cast<double>(k + order));
      sum += term;
    }
    return sum * std::exp(-x);
  }
  constexpr double kSquare = 4 * order * order;
  double term = 1, sum = 1;
  for (int k = 1; std::abs(term) > 1e-18 * sum; ++k) {
    const double odd = 2 * k - 1;
    term *= (odd * odd - kSquare) / (8 * x * k);
    sum += term;
  }
  return sum / std::sqrt(2 * std::numbers::pi * x);
}

/// e^x scaled(x); by halves, as e^x alone may pass all numbers.
template <int order>
double whole(double x) {
  const double half = std::exp(x / 2);
  return std::isinf(x) ? x : half * scaled<order>(x) * half;
}

template <Bessel f>
double value(double x) {
  const double size = std::abs(x);
  if constexpr (f == Bessel::i0) return whole<0>(size);
  if constexpr (f == Bessel::i0e) return scaled<0>(size);
  if constexpr (f == Bessel::i1) return std::copysign(whole<1>(size), x);
  if constexpr (f == Bessel::i1e) return std::copysign(scaled<1>(size), x);
}

template <class T, Bessel f>
void loop(const void*, const T* const* in, T* out, int64_t n, bool) {
  for (int64_t i = 0; i < n; ++i) {
    out[i] = static_cast<T>(value<f>(static_cast<double>(in[0][i])));
  }
}

template <Bessel f>
void each(const Tensor& x, Tensor& y) {
  const cpu::Loops loops{loop<float, f>, loop<bfloat16, f>, loop<double, f>};
  cpu::elementwise(loops, nullptr, y.dtype(), {&x}, y, cpu::Cost::heavy);
}

}  // namespace

void bessel(Cpu, Bessel f, const Tensor& x, Tensor& y) {
  switch (f) {
    case Bessel::i0: return each<Bessel::i0>(x, y);
    case Bessel::i0e: return each<Bessel::i0e>(x, y);
    case Bessel::i1: return each<Bessel::i1>(x, y);
    case Bessel::i1e: return each<Bessel::i1e>(x, y);
  }
}

}  // namespace strata::kernels
