// Reductions of one row of neighbouring elements: what softmax and cross-entropy are made of.

// Highway compiles this file once for each instruction set: the include guard toggles.
// clang-format off
#if defined(STRATA_KERNELS_CPU_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_ROWS_INL_H_
#undef STRATA_KERNELS_CPU_ROWS_INL_H_
#else
#define STRATA_KERNELS_CPU_ROWS_INL_H_
#endif
// clang-format on

#include <algorithm>
#include <cmath>
#include <limits>

#include "strata/base/dtype.h"
#include "strata/base/parallel.h"
#include "strata/kernels/cpu/lanes-inl.h"
#include "strata/kernels/cpu/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

constexpr int64_t kRowBlock = 1024;  // elements summed in vectors before their sum goes to f64

template <class T>
constexpr Computed<T> kLowest = -std::numeric_limits<Computed<T>>::infinity();

/// e^x; f64 lane by lane through libm.
template <class D>
HWY_INLINE hn::Vec<D> exp_of(D d, hn::Vec<D> x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, float>) {
    return simd::exp(d, x);
  } else {
    HWY_ALIGN double buffer[hn::MaxLanes(d)];
    hn::Store(x, d, buffer);
    for (double& v : buffer) v = std::exp(v);
    return hn::Load(d, buffer);
  }
}

/// Largest element; NaN may be passed over.
template <class T>
Computed<T> row_max(const T* x, int64_t n) {
  const Tag<T> d;
  auto m = hn::Set(d, kLowest<T>);
  for_lanes(
      d, n, [&](int64_t i) HWY_ATTR { m = hn::Max(m, load(d, x + i)); },
      [&](int64_t i, int64_t count)
          HWY_ATTR { m = hn::Max(m, load_n(d, x + i, count, kLowest<T>)); });
  return hn::GetLane(hn::MaxOfLanes(d, m));
}

/// Sum of value(vector of elements) over a row: whole(i) gives the vector at i, rest(i, count) the
/// last one with zeros behind. Both must carry HWY_ATTR.
template <class D, class Whole, class Rest>
HWY_INLINE double sum_of(D d, int64_t n, Whole whole, Rest rest) {
  const int64_t step = lanes(d);
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kRowBlock) {
    const int64_t end = std::min(n, begin + kRowBlock);
    auto a = hn::Zero(d), b = hn::Zero(d);
    int64_t i = begin;
    for (; i + 2 * step <= end; i += 2 * step) {
      a = hn::Add(a, whole(i));
      b = hn::Add(b, whole(i + step));
    }
    for (; i + step <= end; i += step) a = hn::Add(a, whole(i));
    if (i < end) b = hn::Add(b, rest(i, end - i));
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b))));
  }
  return total;
}

/// Sum of e^(x - m).
template <class T>
double row_sum_exp(const T* x, int64_t n, Computed<T> m) {
  const Tag<T> d;
  const auto shift = hn::Set(d, m);
  return sum_of(
      d, n, [&](int64_t i) HWY_ATTR { return exp_of(d, hn::Sub(load(d, x + i), shift)); },
      [&](int64_t i, int64_t count)
          HWY_ATTR { return exp_of(d, hn::Sub(load_n(d, x + i, count, kLowest<T>), shift)); });
}

/// log(sum(e^x)).
template <class T>
Computed<T> row_logsumexp(const T* x, int64_t n) {
  Computed<T> m = row_max(x, n);
  if (std::isinf(m)) m = 0;  // all -inf, or some +inf: their exponentials say the rest
  return m + static_cast<Computed<T>>(std::log(row_sum_exp(x, n, m)));
}

/// y[i] = f(vector of elements i ...), with f called on whole vectors too where the row ends.
template <class T, class Y, class F>
HWY_INLINE void map_row(const T* x, int64_t n, Y* y, F f) {
  const Tag<T> d;
  for_lanes(
      d, n, [&](int64_t i) HWY_ATTR { store(d, f(load(d, x + i)), y + i); },
      [&](int64_t i, int64_t count)
          HWY_ATTR { store_n(d, f(load_n(d, x + i, count, 0)), y + i, count); });
}
template <class T, class U, class Y, class F>
HWY_INLINE void map_rows(const T* x, const U* z, int64_t n, Y* y, F f) {
  const Tag<T> d;
  for_lanes(
      d, n, [&](int64_t i) HWY_ATTR { store(d, f(load(d, x + i), load(d, z + i)), y + i); },
      [&](int64_t i, int64_t count) HWY_ATTR {
        store_n(d, f(load_n(d, x + i, count, 0), load_n(d, z + i, count, 0)), y + i, count);
      });
}

constexpr int64_t kRowsGrain = 4096;  // elements for which a second thread pays

/// f(row number) for all rows of n elements.
template <class F>
void for_rows(int64_t rows, int64_t n, F f) {
  parallel_for(rows, std::max<int64_t>(1, kRowsGrain / n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) f(i);
  });
}

/// f(zero of the dtype's C++ type).
template <class F>
void for_float(DType dtype, F f) {
  if (dtype == DType::f32) return f(float{});
  if (dtype == DType::bf16) return f(bfloat16{});
  f(double{});
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled include guard
