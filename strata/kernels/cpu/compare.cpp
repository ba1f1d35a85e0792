#include "strata/kernels/compare.h"

#include <cmath>

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/compare.cpp"
#include <hwy/foreach_target.h>
#include "strata/kernels/cpu/elementwise-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

using cpu::Cost;

/// 1 or 0 in the type the comparison is made in; stored as bool.
template <class D, class M>
HWY_INLINE hn::Vec<D> one_where(D d, M mask) {
  return hn::IfThenElseZero(mask, hn::Set(d, 1.0f));
}

template <class D, class V>
HWY_INLINE hn::Mask<D> is_true(D d, V x) {
  return hn::Not(hn::Eq(x, hn::Zero(d)));  // Ne is false for NaN on some targets
}

struct Eq : Predicate {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    return one_where(d, hn::Eq(a, b));
  }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a == b);
  }
};
void eq(const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  elementwise(Eq{}, Cost::cheap, compute, y, a, b);
}

struct Ne : Predicate {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    return one_where(d, hn::Not(hn::Eq(a, b)));
  }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a != b);
  }
};
void ne(const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  elementwise(Ne{}, Cost::cheap, compute, y, a, b);
}

struct Lt : Predicate {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    return one_where(d, hn::Lt(a, b));
  }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a < b);
  }
};
void lt(const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  elementwise(Lt{}, Cost::cheap, compute, y, a, b);
}

struct Le : Predicate {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    return one_where(d, hn::Le(a, b));
  }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a <= b);
  }
};
void le(const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  elementwise(Le{}, Cost::cheap, compute, y, a, b);
}

struct Gt : Predicate {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    return one_where(d, hn::Gt(a, b));
  }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a > b);
  }
};
void gt(const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  elementwise(Gt{}, Cost::cheap, compute, y, a, b);
}

struct Ge : Predicate {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    return one_where(d, hn::Ge(a, b));
  }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a >= b);
  }
};
void ge(const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  elementwise(Ge{}, Cost::cheap, compute, y, a, b);
}

struct And : Predicate {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    return one_where(d, hn::And(is_true(d, a), is_true(d, b)));
  }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a != T(0) && b != T(0));
  }
};
void logical_and(const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  elementwise(And{}, Cost::cheap, compute, y, a, b);
}

struct Or : Predicate {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    return one_where(d, hn::Or(is_true(d, a), is_true(d, b)));
  }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a != T(0) || b != T(0));
  }
};
void logical_or(const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  elementwise(Or{}, Cost::cheap, compute, y, a, b);
}

struct Not : Predicate {
  template <class D, class V>
  V operator()(D d, V x) const {
    return one_where(d, hn::Eq(x, hn::Zero(d)));
  }
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(x == T(0));
  }
};
void logical_not(const Tensor& x, Tensor& y) { elementwise(Not{}, Cost::cheap, x.dtype(), y, x); }

struct IsNan : Predicate {
  template <class D, class V>
  V operator()(D d, V x) const {
    return one_where(d, hn::IsNaN(x));
  }
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(x != x);
  }
};
void isnan(const Tensor& x, Tensor& y) { elementwise(IsNan{}, Cost::cheap, x.dtype(), y, x); }

struct IsInf : Predicate {
  template <class D, class V>
  V operator()(D d, V x) const {
    return one_where(d, hn::IsInf(x));
  }
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(std::isinf(static_cast<double>(x)));
  }
};
void isinf(const Tensor& x, Tensor& y) { elementwise(IsInf{}, Cost::cheap, x.dtype(), y, x); }

struct IsFinite : Predicate {
  template <class D, class V>
  V operator()(D d, V x) const {
    return one_where(d, hn::IsFinite(x));
  }
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(std::isfinite(static_cast<double>(x)));
  }
};
void isfinite(const Tensor& x, Tensor& y) { elementwise(IsFinite{}, Cost::cheap, x.dtype(), y, x); }

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(eq);
HWY_EXPORT(ne);
HWY_EXPORT(lt);
HWY_EXPORT(le);
HWY_EXPORT(gt);
HWY_EXPORT(ge);
HWY_EXPORT(logical_and);
HWY_EXPORT(logical_or);
HWY_EXPORT(logical_not);
HWY_EXPORT(isnan);
HWY_EXPORT(isinf);
HWY_EXPORT(isfinite);

void eq(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(eq)(a, b, compute, y);
}
void ne(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(ne)(a, b, compute, y);
}
void lt(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(lt)(a, b, compute, y);
}
void le(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(le)(a, b, compute, y);
}
void gt(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(gt)(a, b, compute, y);
}
void ge(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(ge)(a, b, compute, y);
}
void logical_and(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(logical_and)(a, b, compute, y);
}
void logical_or(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(logical_or)(a, b, compute, y);
}
void logical_not(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(logical_not)(x, y); }
void isnan(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(isnan)(x, y); }
void isinf(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(isinf)(x, y); }
void isfinite(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(isfinite)(x, y); }

}  // namespace strata::kernels
#endif  // HWY_ONCE
