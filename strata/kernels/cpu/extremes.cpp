#include "strata/kernels/extremes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/axes.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/extremes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "strata/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

constexpr int64_t kGrain = 16384;   // elements for which a second thread pays
constexpr int64_t kRows = 8;        // rows read while their columns' values are in registers
constexpr int64_t kColumns = 1024;  // columns whose best values and positions stay in L1
constexpr int64_t kMost = 1 << 30;  // positions are counted in 32 bits within a part of a row

template <class T>
struct Best {
  T value;
  int64_t index;
};

template <bool largest, class T>
bool beats(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
  }
  return largest ? a > b : a < b;
}

template <bool largest, class D, class V>
HWY_INLINE hn::Mask<D> beats_lanes(D, V a, V b) {
  const auto greater = largest ? hn::Gt(a, b) : hn::Lt(a, b);
  return hn::Or(greater, hn::AndNot(hn::IsNaN(b), hn::IsNaN(a)));
}

/// Of at most kMost elements, at least one.
template <bool largest, class T>
Best<Computed<T>> best_of_row(const T* x, int64_t n) {
  const Tag<T> d;
  const hn::RebindToSigned<Tag<T>> di;
  const int64_t step = lanes(d);
  Best<Computed<T>> best{static_cast<Computed<T>>(x[0]), 0};
  int64_t i = 1;
  if (n >= 2 * step) {
    auto value = load(d, x);
    auto at = hn::Iota(di, 0), here = at;
    const auto stride = hn::Set(di, static_cast<hn::TFromD<decltype(di)>>(step));
    for (i = step; i + step <= n; i += step) {
      const auto v = load(d, x + i);
      here = hn::Add(here, stride);
      const auto better = beats_lanes<largest>(d, v, value);
      value = hn::IfThenElse(better, v, value);
      at = hn::IfThenElse(hn::RebindMask(di, better), here, at);
    }
    HWY_ALIGN Computed<T> values[hn::MaxLanes(d)];
    HWY_ALIGN hn::TFromD<decltype(di)> indices[hn::MaxLanes(di)];
    hn::Store(value, d, values);
    hn::Store(at, di, indices);
    best = {values[0], indices[0]};
    for (int64_t k = 1; k < step; ++k) {
      const bool better = beats<largest>(values[k], best.value);
      const bool tie = !better && !beats<largest>(best.value, values[k]);
      if (better || (tie && indices[k] < best.index)) best = {values[k], indices[k]};
    }
  }
  for (; i < n; ++i) {
    const auto v = static_cast<Computed<T>>(x[i]);
    if (beats<largest>(v, best.value)) best = {v, i};
  }
  return best;
}

template <bool largest, class T>
void extreme_rows(const T* x, int64_t rows, int64_t n, T* values, int64_t* indices) {
  parallel_for(rows, std::max<int64_t>(1, kGrain / n), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* row = x + r * n;
      auto best = best_of_row<largest>(row, std::min(n, kMost));
      for (int64_t i = kMost; i < n; i += kMost) {
        const auto part = best_of_row<largest>(row + i, std::min(n - i, kMost));
        if (beats<largest>(part.value, best.value)) best = {part.value, part.index + i};
      }
      values[r] = static_cast<T>(best.value);
      indices[r] = best.index;
    }
  });
}

/// Columns [0, width) of `rows` rows that are `stride` apart.
template <bool largest, class T>
void extreme_tile(const T* x, int64_t rows, int64_t stride, int64_t width, T* values,
                  int64_t* indices) {
  const Tag<T> d;
  const hn::RebindToSigned<Tag<T>> di;
  using Index = hn::TFromD<decltype(di)>;
  HWY_ALIGN Computed<T> best[kColumns];
  HWY_ALIGN Index at[kColumns];
  for (int64_t c = 0; c < width; ++c) best[c] = static_cast<Computed<T>>(x[c]);
  std::fill_n(at, width, Index(0));
  for (int64_t first = 1; first < rows; first += kRows) {
    const int64_t last = std::min(rows, first + kRows);
    int64_t c = 0;
    for (; c + lanes(d) <= width; c += lanes(d)) {
      auto value = hn::Load(d, best + c);
      auto index = hn::Load(di, at + c);
      for (int64_t r = first; r < last; ++r) {
        const auto v = load(d, x + r * stride + c);
        const auto better = beats_lanes<largest>(d, v, value);
        value = hn::IfThenElse(better, v, value);
        index =
            hn::IfThenElse(hn::RebindMask(di, better), hn::Set(di, static_cast<Index>(r)), index);
      }
      hn::Store(value, d, best + c);
      hn::Store(index, di, at + c);
    }
    for (; c < width; ++c) {
      for (int64_t r = first; r < last; ++r) {
        const auto v = static_cast<Computed<T>>(x[r * stride + c]);
        if (!beats<largest>(v, best[c])) continue;
        best[c] = v;
        at[c] = static_cast<Index>(r);
      }
    }
  }
  for (int64_t c = 0; c < width; ++c) {
    values[c] = static_cast<T>(best[c]);
    indices[c] = at[c];
  }
}

template <bool largest, class T>
void extreme_run(const T* x, const cpu::Run& run, T* values, int64_t* indices) {
  if (run.inner == 1) return extreme_rows<largest>(x, run.outer, run.length, values, indices);
  const int64_t width = std::min(run.inner, kColumns);
  const int64_t tiles = (run.inner + width - 1) / width;
  const int64_t grain = std::max<int64_t>(1, kGrain / (width * run.length));
  parallel_for(run.outer * tiles, grain, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u) {
      const int64_t o = u / tiles, c = u % tiles * width, to = o * run.inner + c;
      extreme_tile<largest>(x + o * run.length * run.inner + c, run.length, run.inner,
                            std::min(width, run.inner - c), values + to, indices + to);
    }
  });
}

void extreme_floats(bool largest, const Tensor& x, const cpu::Run& run, Tensor& values,
                    Tensor& indices) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    auto* at = indices.data<int64_t>();
    largest ? extreme_run<true>(x.data<T>(), run, values.data<T>(), at)
            : extreme_run<false>(x.data<T>(), run, values.data<T>(), at);
  });
}

}  // namespace
}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(extreme_floats);

constexpr int64_t kTopkGrain = 4096;  // elements for which a second thread pays

/// Integers and booleans.
template <class T>
void extreme_plain(bool largest, const T* x, const cpu::Run& run, T* values, int64_t* indices) {
  for (int64_t i = 0; i < run.outer * run.inner; ++i) {
    const T* from = x + i / run.inner * run.length * run.inner + i % run.inner;
    int64_t best = 0;
    for (int64_t k = 1; k < run.length; ++k) {
      const T a = from[k * run.inner], b = from[best * run.inner];
      if (largest ? a > b : a < b) best = k;
    }
    values[i] = from[best * run.inner];
    indices[i] = best;
  }
}

/// Whether a comes before b: the better value, of equal ones the smaller position.
template <class T>
struct Before {
  const T* x;
  bool largest;

  bool operator()(int64_t a, int64_t b) const {
    const auto p = value(a), q = value(b);
    if constexpr (!std::is_integral_v<T>) {
      const bool nan_p = std::isnan(p), nan_q = std::isnan(q);
      if (nan_p || nan_q) return nan_p == nan_q ? a < b : nan_p == largest;
    }
    return p == q ? a < b : largest ? p > q : p < q;
  }
  auto value(int64_t i) const {
    if constexpr (std::is_class_v<T>) {
      return static_cast<float>(x[i]);
    } else {
      return x[i];
    }
  }
};

template <class T>
void topk_rows(bool largest, const T* x, int64_t rows, int64_t n, int64_t k, T* values,
               int64_t* indices) {
  parallel_for(rows, std::max<int64_t>(1, kTopkGrain / n), [&](int64_t begin, int64_t end) {
    std::vector<int64_t> order(static_cast<size_t>(n));
    for (int64_t r = begin; r < end; ++r) {
      std::iota(order.begin(), order.end(), 0);
      std::partial_sort(order.begin(), order.begin() + k, order.end(),
                        Before<T>{x + r * n, largest});
      for (int64_t i = 0; i < k; ++i) {
        indices[r * k + i] = order[static_cast<size_t>(i)];
        values[r * k + i] = x[r * n + order[static_cast<size_t>(i)]];
      }
    }
  });
}

}  // namespace

void topk(Cpu, bool largest, const Tensor& x, int axis, Tensor& values, Tensor& indices) {
  if (values.numel() == 0) return;
  const Tensor from = cpu::packed(cpu::swap_with_last(x, axis));
  Tensor best = cpu::rows_of_result(values, axis), at = cpu::rows_of_result(indices, axis);
  const int64_t n = x.size(axis), k = values.size(axis);
  visit_dtype(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    topk_rows(largest, from.data<T>(), from.numel() / n, n, k, best.data<T>(), at.data<int64_t>());
  });
  cpu::finish_rows(best, values, axis);
  cpu::finish_rows(at, indices, axis);
}

void extreme(Cpu, bool largest, const Tensor& x, int axis, Tensor& values, Tensor& indices) {
  if (values.numel() == 0) return;
  if (x.dtype() == DType::f16) {
    Tensor wide = empty(x.shape()), wide_values = empty(values.shape());
    copy(Cpu{}, x, wide);
    extreme(Cpu{}, largest, wide, axis, wide_values, indices);
    copy(Cpu{}, wide_values, values);
    return;
  }
  const Tensor from = cpu::packed(x);
  const cpu::Run run = cpu::run_of(x.shape(), axis);
  if (is_floating(x.dtype())) {
    HWY_DYNAMIC_DISPATCH(extreme_floats)(largest, from, run, values, indices);
    return;
  }
  visit_dtype(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) {
      extreme_plain(largest, from.data<T>(), run, values.data<T>(), indices.data<int64_t>());
    }
  });
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
