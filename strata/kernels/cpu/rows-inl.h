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

/// log(x); f64 lane by lane through libm.
template <class D>
HWY_INLINE hn::Vec<D> log_of(D d, hn::Vec<D> x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, float>) {
    return simd::log(d, x);
  } else {
    HWY_ALIGN double buffer[hn::MaxLanes(d)];
    hn::Store(x, d, buffer);
    for (double& v : buffer) v = std::log(v);
    return hn::Load(d, buffer);
  }
}

/// e^x of what is not positive, or NaN; in f32 0 below -87, where its normal numbers end.
template <class D>
HWY_INLINE hn::Vec<D> exp_nonpositive(D d, hn::Vec<D> x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, float>) {
    const auto low = hn::Set(d, -87.0f);
    const auto y = simd::exp_in_range(d, hn::Max(low, x));  // NaN: Max gives its second argument
    return hn::IfThenZeroElse(hn::Lt(x, low), y);
  } else {
    return exp_of(d, x);
  }
}

/// Largest element; NaN may be passed over.
template <class T>
Computed<T> row_max(const T* x, int64_t n) {
  const Tag<T> d;
  auto m = hn::Set(d, kLowest<T>);
  for_lanes(
      d, n, [&](int64_t i) HWY_ATTR { m = hn::Max(m, load_in_sequence(d, x + i)); },
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

/// Sum of e^(x - m), m being at least the largest element.
template <class T>
double row_sum_exp(const T* x, int64_t n, Computed<T> m) {
  const Tag<T> d;
  const auto shift = hn::Set(d, m);
  return sum_of(
      d, n, [&](int64_t i) HWY_ATTR { return exp_nonpositive(d, hn::Sub(load(d, x + i), shift)); },
      [&](int64_t i, int64_t count) HWY_ATTR {
        return exp_nonpositive(d, hn::Sub(load_n(d, x + i, count, kLowest<T>), shift));
      });
}

/// log(sum(e^x)).
template <class T>
Computed<T> row_logsumexp(const T* x, int64_t n) {
  using C = Computed<T>;
  const C m = row_max(x, n);
  if (!std::isinf(m)) return m + static_cast<C>(std::log(row_sum_exp(x, n, m)));
  // -inf alone gives -inf, NaN beside infinities NaN.
  for (int64_t i = 0; i < n; ++i) {
    if (std::isnan(static_cast<C>(x[i]))) return static_cast<C>(x[i]);
  }
  return m;
}

/// Rows too short to fill vectors are computed several at a time, in a buffer of kTogether elements
/// and room for the last vector.
constexpr int64_t kNarrow = 32;
constexpr int64_t kTogether = 1024;

template <class T>
struct NarrowRows {
  static constexpr size_t kSize = kTogether + 64;
  HWY_ALIGN Computed<T> values[kSize];  // row by row
  HWY_ALIGN Computed<T> most[kSize];    // of each row
  HWY_ALIGN Computed<T> sums[kSize];

  static int64_t rows_together(int64_t n) { return kTogether / std::max<int64_t>(n, 1); }
};

/// Applies f to vectors that cover buffer[0, count) and perhaps a few elements behind, which must
/// have room and become anything.
template <class C, class F>
HWY_INLINE void map_buffer(C* buffer, int64_t count, F f) {
  const hn::ScalableTag<C> d;
  std::fill_n(buffer + count, lanes(d), C(1));
  for (int64_t i = 0; i < count; i += lanes(d))
    hn::Store(f(d, hn::Load(d, buffer + i)), d, buffer + i);
}

/// values = x - shift(row), for rows of n elements; where they fill a vector, the last one overlaps
/// the one before.
template <class T, class Shift>
HWY_INLINE void shift_rows(const T* x, int64_t rows, int64_t n, Computed<T>* values, Shift shift) {
  const hn::CappedTag<Computed<T>, 8> d;
  const int64_t step = lanes(d);
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * n;
    Computed<T>* to = values + r * n;
    const Computed<T> s = shift(r, row);
    if (n < step) {
      for (int64_t c = 0; c < n; ++c) to[c] = static_cast<Computed<T>>(row[c]) - s;
      continue;
    }
    const auto v = hn::Set(d, s);
    for (int64_t c = 0; c + step <= n; c += step) store(d, hn::Sub(load(d, row + c), v), to + c);
    if (n % step) store(d, hn::Sub(load(d, row + n - step), v), to + n - step);
  }
}

/// Fills values with e^(x - most) and sums with their sums.
template <class T>
void narrow_exp(const T* x, int64_t rows, int64_t n, NarrowRows<T>& out) {
  using C = Computed<T>;
  const hn::CappedTag<C, 8> d;
  const int64_t step = lanes(d);
  shift_rows(x, rows, n, out.values, [&](int64_t r, const T* row) HWY_ATTR {
    C most = static_cast<C>(row[0]);
    if (n < step) {
      for (int64_t c = 1; c < n; ++c) most = std::max(most, static_cast<C>(row[c]));
    } else {
      auto m = load(d, row + n - step);
      for (int64_t c = 0; c + step <= n; c += step) m = hn::Max(m, load(d, row + c));
      most = hn::GetLane(hn::MaxOfLanes(d, m));
    }
    return out.most[r] = most;
  });
  map_buffer(out.values, rows * n,
             [](auto tag, auto v) HWY_ATTR { return exp_nonpositive(tag, v); });
  for (int64_t r = 0; r < rows; ++r) {
    C sum = 0;
    for (int64_t c = 0; c < n; ++c) sum += out.values[r * n + c];
    out.sums[r] = sum;
  }
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
      d, n,
      [&](int64_t i)
          HWY_ATTR { store(d, f(load_in_sequence(d, x + i), load_in_sequence(d, z + i)), y + i); },
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
    hwy::FlushStream();
  });
}

/// f(first row, count) for groups of `together` rows of n elements.
template <class F>
void for_groups(int64_t rows, int64_t together, int64_t n, F f) {
  const int64_t groups = (rows + together - 1) / together;
  for_rows(groups, together * n,
           [&](int64_t g) { f(g * together, std::min(together, rows - g * together)); });
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
