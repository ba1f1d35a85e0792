#include "strata/kernels/scans.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/axes.h"

namespace strata::kernels {
namespace {

/// Calls line(offset of the first element) for every line along the run's length.
template <class F>
void each_line(const cpu::Run& run, F&& line) {
  constexpr int64_t kWork = 16384;  // elements for a thread at least
  const int64_t grain = std::max<int64_t>(1, kWork / std::max<int64_t>(run.length, 1));
  parallel_for(run.outer * run.inner, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      line(i / run.inner * run.length * run.inner + i % run.inner);
    }
  });
}

template <class T>
T multiply_add(T a, T b, T c) {
  if constexpr (std::is_integral_v<T>) {  // modulo 2^64
    return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b) +
                          static_cast<uint64_t>(c));
  } else {
    return a * b + c;
  }
}

/// Floats are computed in f64.
template <class T>
void recurrence(const Tensor& factor, const Tensor& x, const cpu::Run& run, bool reverse,
                Tensor& y) {
  const T *f = factor.data<T>(), *from = x.data<T>();
  T* to = y.data<T>();
  using Wide = std::conditional_t<std::is_integral_v<T>, T, double>;
  each_line(run, [&](int64_t first) {
    const int64_t step = reverse ? -run.inner : run.inner;
    int64_t at = reverse ? first + (run.length - 1) * run.inner : first;
    Wide value = from[at];
    to[at] = static_cast<T>(value);
    for (int64_t k = 1; k < run.length; ++k) {
      at += step;
      value = multiply_add<Wide>(f[at], value, from[at]);
      to[at] = static_cast<T>(value);
    }
  });
}

template <class T>
bool is_nan(T x) {
  if constexpr (std::is_integral_v<T>) {
    return false;
  } else {
    return std::isnan(static_cast<float>(x));
  }
}

}  // namespace

void linear_recurrence(Cpu, const Tensor& factor, const Tensor& x, int axis, bool reverse,
                       Tensor& y) {
  if (x.numel() == 0) return;
  const Tensor f = cpu::packed(factor), from = cpu::packed(x);
  const cpu::Run run = cpu::run_of(x.shape(), axis);
  switch (y.dtype()) {
    case DType::f32: return recurrence<float>(f, from, run, reverse, y);
    case DType::f64: return recurrence<double>(f, from, run, reverse, y);
    default: return recurrence<int64_t>(f, from, run, reverse, y);
  }
}

void running_extreme(Cpu, bool largest, const Tensor& x, int axis, Tensor& values,
                     Tensor& indices) {
  if (x.numel() == 0) return;
  const Tensor packed = cpu::packed(x);
  const cpu::Run run = cpu::run_of(x.shape(), axis);
  int64_t* at = indices.data<int64_t>();
  visit_dtype(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* from = packed.data<T>();
    T* to = values.data<T>();
    each_line(run, [&](int64_t first) {
      int64_t best = 0;
      for (int64_t k = 0; k < run.length; ++k) {
        const T value = from[first + k * run.inner], so_far = from[first + best * run.inner];
        const bool better = largest ? !(value < so_far) : !(value > so_far);
        if (is_nan(value) || (better && !is_nan(so_far))) best = k;
        to[first + k * run.inner] = from[first + best * run.inner];
        at[first + k * run.inner] = best;
      }
    });
  });
}

}  // namespace strata::kernels
