// Mean and sum of squared deviations of rows and of columns.

// Highway compiles this file once for each instruction set: the include guard toggles.
// clang-format off
#if defined(STRATA_KERNELS_CPU_MOMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_MOMENTS_INL_H_
#undef STRATA_KERNELS_CPU_MOMENTS_INL_H_
#else
#define STRATA_KERNELS_CPU_MOMENTS_INL_H_
#endif
// clang-format on

#include "strata/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

struct Moments {
  double count = 0, mean = 0, squares = 0;

  void merge(const Moments& o) {
    if (o.count == 0) return;
    const double all = count + o.count, delta = o.mean - mean;
    mean += delta * (o.count / all);
    squares += o.squares + delta * delta * (count * o.count / all);
    count = all;
  }
};

/// Of one row, read twice.
template <class T>
HWY_INLINE Moments row_moments(const T* x, int64_t n) {
  const Tag<T> d;
  const double count = static_cast<double>(n);
  const double mean =
      sum_of(
          d, n, [&](int64_t i) HWY_ATTR { return load_in_sequence(d, x + i); },
          [&](int64_t i, int64_t rest) HWY_ATTR { return load_n(d, x + i, rest, 0); }) /
      count;
  const auto rounded = static_cast<Computed<T>>(mean);
  const auto centre = hn::Set(d, rounded);
  const auto square = [&](auto v) HWY_ATTR {
    const auto e = hn::Sub(v, centre);
    return hn::Mul(e, e);
  };
  const double squares = sum_of(
      d, n, [&](int64_t i) HWY_ATTR { return square(load(d, x + i)); },
      [&](int64_t i, int64_t rest) HWY_ATTR { return square(load_n(d, x + i, rest, rounded)); });
  return {count, mean, squares};
}

/// Columns of `rows` rows that are `stride` apart, 8 rows at a time while they are in L1. The means
/// are those of the distances to the first row, so that a large common part costs no accuracy.
template <class T>
void column_moments(const T* x, int64_t rows, int64_t columns, int64_t stride, Computed<T>* mean,
                    Computed<T>* squares) {
  using C = Computed<T>;
  constexpr int64_t kRows = 8;
  const Tag<T> d;
  for (int64_t r = 0; r < rows; r += kRows) {
    const int64_t count = std::min(kRows, rows - r);
    const T* from = x + r * stride;
    const auto each = hn::Set(d, C(1) / static_cast<C>(count));
    const auto share = hn::Set(d, static_cast<C>(count) / static_cast<C>(r + count));
    const auto between =
        hn::Set(d, static_cast<C>(r) * static_cast<C>(count) / static_cast<C>(r + count));
    const auto merge = [&](auto& m, auto& s, auto value) HWY_ATTR {
      auto sum = hn::Zero(d), deviation = hn::Zero(d);
      for (int64_t k = 0; k < count; ++k) sum = hn::Add(sum, value(k * stride));
      const auto centre = hn::Mul(sum, each);
      for (int64_t k = 0; k < count; ++k) {
        const auto e = hn::Sub(value(k * stride), centre);
        deviation = hn::MulAdd(e, e, deviation);
      }
      const auto delta = hn::Sub(centre, m);
      m = hn::MulAdd(delta, share, m);
      s = hn::Add(hn::MulAdd(hn::Mul(delta, delta), between, s), deviation);
    };
    for_lanes(
        d, columns,
        [&](int64_t c) HWY_ATTR {
          auto m = r ? load(d, mean + c) : hn::Zero(d), s = r ? load(d, squares + c) : hn::Zero(d);
          const auto first = load(d, x + c);
          for (int64_t k = 0; k < count; ++k) {
            __builtin_prefetch(from + c + (k + kRows) * stride);
          }
          merge(m, s, [&](int64_t at) HWY_ATTR { return hn::Sub(load(d, from + c + at), first); });
          store(d, m, mean + c);
          store(d, s, squares + c);
        },
        [&](int64_t c, int64_t n) HWY_ATTR {
          auto m = r ? load_n(d, mean + c, n, 0) : hn::Zero(d);
          auto s = r ? load_n(d, squares + c, n, 0) : hn::Zero(d);
          const auto first = load_n(d, x + c, n, 0);
          merge(m, s, [&](int64_t at) HWY_ATTR {
            return hn::Sub(load_n(d, from + c + at, n, 0), first);
          });
          store_n(d, m, mean + c, n);
          store_n(d, s, squares + c, n);
        });
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled include guard
