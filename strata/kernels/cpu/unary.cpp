#include "strata/kernels/unary.h"

#include <cmath>
#include <type_traits>

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/unary.cpp"
#include <hwy/foreach_target.h>
#include "strata/kernels/cpu/elementwise-inl.h"
#include "strata/kernels/cpu/simd_math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

using cpu::Cost;

struct Exp {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::exp(d, x);
  }
  double operator()(double x) const { return std::exp(x); }
};
void exp(const Tensor& x, Tensor& y) { elementwise(Exp{}, Cost::moderate, y.dtype(), y, x); }

struct Expm1 {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::expm1(d, x);
  }
  double operator()(double x) const { return std::expm1(x); }
};
void expm1(const Tensor& x, Tensor& y) { elementwise(Expm1{}, Cost::moderate, y.dtype(), y, x); }

struct Log {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::log(d, x);
  }
  double operator()(double x) const { return std::log(x); }
};
void log(const Tensor& x, Tensor& y) { elementwise(Log{}, Cost::moderate, y.dtype(), y, x); }

struct Log1p {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::log1p(d, x);
  }
  double operator()(double x) const { return std::log1p(x); }
};
void log1p(const Tensor& x, Tensor& y) { elementwise(Log1p{}, Cost::moderate, y.dtype(), y, x); }

struct Sqrt {
  template <class D, class V>
  V operator()(D, V x) const {
    return hn::Sqrt(x);
  }
  double operator()(double x) const { return std::sqrt(x); }
};
void sqrt(const Tensor& x, Tensor& y) { elementwise(Sqrt{}, Cost::cheap, y.dtype(), y, x); }

struct Rsqrt {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::rsqrt(d, x);
  }
  double operator()(double x) const { return 1.0 / std::sqrt(x); }
};
void rsqrt(const Tensor& x, Tensor& y) { elementwise(Rsqrt{}, Cost::cheap, y.dtype(), y, x); }

struct Reciprocal {
  template <class D, class V>
  V operator()(D d, V x) const {
    return hn::Div(hn::Set(d, 1.0f), x);
  }
  double operator()(double x) const { return 1.0 / x; }
};
void reciprocal(const Tensor& x, Tensor& y) {
  elementwise(Reciprocal{}, Cost::cheap, y.dtype(), y, x);
}

struct Sin {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::sin(d, x);
  }
  double operator()(double x) const { return std::sin(x); }
};
void sin(const Tensor& x, Tensor& y) { elementwise(Sin{}, Cost::moderate, y.dtype(), y, x); }

struct Cos {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::cos(d, x);
  }
  double operator()(double x) const { return std::cos(x); }
};
void cos(const Tensor& x, Tensor& y) { elementwise(Cos{}, Cost::moderate, y.dtype(), y, x); }

struct Tanh {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::tanh(d, x);
  }
  double operator()(double x) const { return std::tanh(x); }
};
void tanh(const Tensor& x, Tensor& y) { elementwise(Tanh{}, Cost::moderate, y.dtype(), y, x); }

struct Erf {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::erf(d, x);
  }
  double operator()(double x) const { return std::erf(x); }
};
void erf(const Tensor& x, Tensor& y) { elementwise(Erf{}, Cost::moderate, y.dtype(), y, x); }

struct Floor {
  template <class D, class V>
  V operator()(D, V x) const {
    return hn::Floor(x);
  }
  double operator()(double x) const { return std::floor(x); }
};
void floor(const Tensor& x, Tensor& y) { elementwise(Floor{}, Cost::cheap, y.dtype(), y, x); }

struct Ceil {
  template <class D, class V>
  V operator()(D, V x) const {
    return hn::Ceil(x);
  }
  double operator()(double x) const { return std::ceil(x); }
};
void ceil(const Tensor& x, Tensor& y) { elementwise(Ceil{}, Cost::cheap, y.dtype(), y, x); }

struct Round {
  template <class D, class V>
  V operator()(D, V x) const {
    return hn::Round(x);
  }
  double operator()(double x) const { return std::nearbyint(x); }
};
void round(const Tensor& x, Tensor& y) { elementwise(Round{}, Cost::cheap, y.dtype(), y, x); }

/// 0 - x, but for integers modulo their size.
template <class T>
T negative(T x) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(x));
  } else {
    return -x;
  }
}

struct Neg {
  template <class D, class V>
  V operator()(D, V x) const {
    return hn::Neg(x);
  }
  template <class T>
  T operator()(T x) const {
    return negative(x);
  }
};
void neg(const Tensor& x, Tensor& y) { elementwise(Neg{}, Cost::cheap, y.dtype(), y, x); }

struct Abs {
  template <class D, class V>
  V operator()(D, V x) const {
    return hn::Abs(x);
  }
  double operator()(double x) const { return std::abs(x); }
  int64_t operator()(int64_t x) const { return x < 0 ? negative(x) : x; }
};
void abs(const Tensor& x, Tensor& y) { elementwise(Abs{}, Cost::cheap, y.dtype(), y, x); }

struct Square {
  template <class D, class V>
  V operator()(D, V x) const {
    return hn::Mul(x, x);
  }
  double operator()(double x) const { return x * x; }
  int64_t operator()(int64_t x) const {
    return static_cast<int64_t>(static_cast<uint64_t>(x) * static_cast<uint64_t>(x));
  }
};
void square(const Tensor& x, Tensor& y) { elementwise(Square{}, Cost::cheap, y.dtype(), y, x); }

/// -1, 0 or 1; 0 for NaN.
struct Sign {
  template <class D, class V>
  V operator()(D d, V x) const {
    const V one = hn::Set(d, 1.0f), zero = hn::Zero(d);
    return hn::Sub(hn::IfThenElseZero(hn::Gt(x, zero), one),
                   hn::IfThenElseZero(hn::Lt(x, zero), one));
  }
  template <class T>
  T operator()(T x) const {
    return static_cast<T>((x > T(0)) - (x < T(0)));
  }
};
void sign(const Tensor& x, Tensor& y) { elementwise(Sign{}, Cost::cheap, y.dtype(), y, x); }

struct TanhBackward {
  template <class D, class V>
  V operator()(D d, V dy, V y) const {
    return hn::Mul(dy, hn::NegMulAdd(y, y, hn::Set(d, 1.0f)));
  }
  double operator()(double dy, double y) const { return dy * (1 - y * y); }
};
void tanh_backward(const Tensor& dy, const Tensor& y, Tensor& dx) {
  elementwise(TanhBackward{}, Cost::cheap, dx.dtype(), dx, dy, y);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(exp);
HWY_EXPORT(expm1);
HWY_EXPORT(log);
HWY_EXPORT(log1p);
HWY_EXPORT(sqrt);
HWY_EXPORT(rsqrt);
HWY_EXPORT(reciprocal);
HWY_EXPORT(sin);
HWY_EXPORT(cos);
HWY_EXPORT(tanh);
HWY_EXPORT(erf);
HWY_EXPORT(floor);
HWY_EXPORT(ceil);
HWY_EXPORT(round);
HWY_EXPORT(neg);
HWY_EXPORT(abs);
HWY_EXPORT(square);
HWY_EXPORT(sign);
HWY_EXPORT(tanh_backward);

void exp(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(exp)(x, y); }
void expm1(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(expm1)(x, y); }
void log(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(log)(x, y); }
void log1p(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(log1p)(x, y); }
void sqrt(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(sqrt)(x, y); }
void rsqrt(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(rsqrt)(x, y); }
void reciprocal(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(reciprocal)(x, y); }
void sin(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(sin)(x, y); }
void cos(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(cos)(x, y); }
void tanh(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(tanh)(x, y); }
void erf(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(erf)(x, y); }
void floor(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(floor)(x, y); }
void ceil(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(ceil)(x, y); }
void round(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(round)(x, y); }
void neg(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(neg)(x, y); }
void abs(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(abs)(x, y); }
void square(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(square)(x, y); }
void sign(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(sign)(x, y); }
void tanh_backward(Cpu, const Tensor& dy, const Tensor& y, Tensor& dx) {
  HWY_DYNAMIC_DISPATCH(tanh_backward)(dy, y, dx);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
