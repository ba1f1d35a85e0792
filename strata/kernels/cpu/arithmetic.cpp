#include "strata/kernels/arithmetic.h"

#include <cmath>
#include <functional>
#include <type_traits>

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/arithmetic.cpp"
#include <hwy/foreach_target.h>
#include "strata/kernels/cpu/elementwise-inl.h"
#include "strata/kernels/cpu/simd_pow-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

using cpu::Cost;

/// op(a, b); integers modulo their size, which for signed ones the language leaves undefined.
template <class Op, class T>
T wrapping(Op op, T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(op(static_cast<uint64_t>(a), static_cast<uint64_t>(b)));
  } else {
    return op(a, b);
  }
}

struct Add {
  template <class D, class V>
  V operator()(D, V a, V b) const {
    return hn::Add(a, b);
  }
  template <class T>
  T operator()(T a, T b) const {
    return wrapping(std::plus(), a, b);
  }
};
void add(const Tensor& a, const Tensor& b, Tensor& y) {
  elementwise(Add{}, Cost::cheap, y.dtype(), y, a, b);
}

struct Sub {
  template <class D, class V>
  V operator()(D, V a, V b) const {
    return hn::Sub(a, b);
  }
  template <class T>
  T operator()(T a, T b) const {
    return wrapping(std::minus(), a, b);
  }
};
void sub(const Tensor& a, const Tensor& b, Tensor& y) {
  elementwise(Sub{}, Cost::cheap, y.dtype(), y, a, b);
}

struct Mul {
  template <class D, class V>
  V operator()(D, V a, V b) const {
    return hn::Mul(a, b);
  }
  template <class T>
  T operator()(T a, T b) const {
    return wrapping(std::multiplies(), a, b);
  }
};
void mul(const Tensor& a, const Tensor& b, Tensor& y) {
  elementwise(Mul{}, Cost::cheap, y.dtype(), y, a, b);
}

struct Div {
  template <class D, class V>
  V operator()(D, V a, V b) const {
    return hn::Div(a, b);
  }
  double operator()(double a, double b) const { return a / b; }
};
void div(const Tensor& a, const Tensor& b, Tensor& y) {
  elementwise(Div{}, Cost::cheap, y.dtype(), y, a, b);
}

struct Pow {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    return simd::pow(d, a, b);
  }
  double operator()(double a, double b) const { return std::pow(a, b); }
  int64_t operator()(int64_t a, int64_t b) const {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
    uint64_t result = 1, square = static_cast<uint64_t>(a);
    for (; b > 0; b >>= 1, square *= square) {
      if (b & 1) result *= square;
    }
    return static_cast<int64_t>(result);
  }
};
void pow(const Tensor& a, const Tensor& b, Tensor& y) {
  elementwise(Pow{}, Cost::heavy, y.dtype(), y, a, b);
}

struct Maximum {
  template <class D, class V>
  V operator()(D, V a, V b) const {
    return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::IsNaN(b), b, hn::Max(a, b)));
  }
  template <class T>
  T operator()(T a, T b) const {
    return a != a || a > b ? a : b;
  }
};
void maximum(const Tensor& a, const Tensor& b, Tensor& y) {
  elementwise(Maximum{}, Cost::cheap, y.dtype(), y, a, b);
}

struct Minimum {
  template <class D, class V>
  V operator()(D, V a, V b) const {
    return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::IsNaN(b), b, hn::Min(a, b)));
  }
  template <class T>
  T operator()(T a, T b) const {
    return a != a || a < b ? a : b;
  }
};
void minimum(const Tensor& a, const Tensor& b, Tensor& y) {
  elementwise(Minimum{}, Cost::cheap, y.dtype(), y, a, b);
}

struct Share {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    const V one = hn::Set(d, 1.0f);
    const V tied = hn::IfThenElse(hn::Eq(a, b), hn::Set(d, 0.5f), one);
    return hn::IfThenElse(hn::Lt(a, b), hn::Zero(d), tied);
  }
  double operator()(double a, double b) const { return a < b ? 0 : a == b ? 0.5 : 1; }
};
void share(const Tensor& a, const Tensor& b, Tensor& y) {
  elementwise(Share{}, Cost::cheap, y.dtype(), y, a, b);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(add);
HWY_EXPORT(sub);
HWY_EXPORT(mul);
HWY_EXPORT(div);
HWY_EXPORT(pow);
HWY_EXPORT(maximum);
HWY_EXPORT(minimum);
HWY_EXPORT(share);

void add(Cpu, const Tensor& a, const Tensor& b, Tensor& y) { HWY_DYNAMIC_DISPATCH(add)(a, b, y); }
void sub(Cpu, const Tensor& a, const Tensor& b, Tensor& y) { HWY_DYNAMIC_DISPATCH(sub)(a, b, y); }
void mul(Cpu, const Tensor& a, const Tensor& b, Tensor& y) { HWY_DYNAMIC_DISPATCH(mul)(a, b, y); }
void div(Cpu, const Tensor& a, const Tensor& b, Tensor& y) { HWY_DYNAMIC_DISPATCH(div)(a, b, y); }
void pow(Cpu, const Tensor& a, const Tensor& b, Tensor& y) { HWY_DYNAMIC_DISPATCH(pow)(a, b, y); }
void maximum(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(maximum)(a, b, y);
}
void minimum(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(minimum)(a, b, y);
}
void share(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(share)(a, b, y);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
