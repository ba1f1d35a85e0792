#include "strata/kernels/select.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/select.cpp"
#include <hwy/foreach_target.h>
#include "strata/kernels/cpu/elementwise-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

using cpu::Cost;

struct Where {
  template <class D, class V>
  V operator()(D d, V condition, V a, V b) const {
    return hn::IfThenElse(hn::Eq(condition, hn::Zero(d)), b, a);
  }
  template <class T>
  T operator()(T condition, T a, T b) const {
    return condition != T(0) ? a : b;
  }
};
void where(const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y) {
  elementwise(Where{}, Cost::cheap, y.dtype(), y, condition, a, b);
}

struct Clamp {
  template <class D, class V>
  V operator()(D, V x, V low, V high) const {
    const V y = hn::IfThenElse(hn::Or(hn::Lt(x, low), hn::IsNaN(low)), low, x);
    return hn::IfThenElse(hn::Or(hn::Gt(y, high), hn::IsNaN(high)), high, y);
  }
  template <class T>
  T operator()(T x, T low, T high) const {
    const T y = x < low || low != low ? low : x;
    return y > high || high != high ? high : y;
  }
};
void clamp(const Tensor& x, const Tensor& low, const Tensor& high, Tensor& y) {
  elementwise(Clamp{}, Cost::cheap, y.dtype(), y, x, low, high);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(where);
HWY_EXPORT(clamp);

void where(Cpu, const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(where)(condition, a, b, y);
}
void clamp(Cpu, const Tensor& x, const Tensor& low, const Tensor& high, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(clamp)(x, low, high, y);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
