#include "strata/kernels/distances.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "strata/base/parallel.h"
#include "strata/kernels/scratch.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/distances.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "strata/kernels/cpu/part-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kWork = 65536;  // differences for which a second thread pays
constexpr int kVectors = 2;       // of b's rows beside each other
constexpr int kRows = 4;          // of a

/// The norms that have vector code: how a difference is taken in, what its derivative is.
struct SumOfSizes {
  template <class D, class V>
  static HWY_INLINE V add(D, V sum, V t) {
    return hn::Add(sum, hn::Abs(t));
  }
  template <class V>
  static HWY_INLINE V norm(V sum) {
    return sum;
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V sum, V t, V weight, V) {
    const auto zero = hn::Zero(d);
    const auto up = hn::IfThenElseZero(hn::Gt(t, zero), weight);
    return hn::Add(sum, hn::Sub(up, hn::IfThenElseZero(hn::Lt(t, zero), weight)));
  }
};

struct SumOfSquares {
  template <class D, class V>
  static HWY_INLINE V add(D, V sum, V t) {
    return hn::MulAdd(t, t, sum);
  }
  template <class V>
  static HWY_INLINE V norm(V sum) {
    return hn::Sqrt(sum);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D, V sum, V t, V weight, V) {
    return hn::MulAdd(weight, t, sum);
  }
};

struct Largest {
  template <class D, class V>
  static HWY_INLINE V add(D, V most, V t) {
    const V size = hn::Abs(t);
    return hn::IfThenElse(hn::Or(hn::Lt(most, size), hn::IsNaN(size)), size, most);
  }
  template <class V>
  static HWY_INLINE V norm(V most) {
    return most;
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V sum, V t, V weight, V y) {
    const V counted = hn::IfThenElseZero(hn::Eq(hn::Abs(t), y), weight);
    return SumOfSizes::slope(d, sum, t, counted, y);
  }
};

/// Rows of b side by side, kVectors * lanes of them: their elements of one column are neighbours.
template <class D, class T>
void pack_panel(D d, const T* b, int64_t count, int64_t width, T* panel) {
  const auto wide = static_cast<int64_t>(kVectors * hn::Lanes(d));
  for (int64_t j = 0; j < wide; ++j) {
    const T* row = b + std::min(j, count - 1) * width;
    for (int64_t k = 0; k < width; ++k) panel[k * wide + j] = row[k];
  }
}

/// kCount rows of a against a panel.
template <int kCount, class Norm, class D, class T>
HWY_INLINE void panel_rows(D d, const T* a, int64_t width, const T* panel, int64_t columns, T* y,
                           int64_t y_step) {
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<D> sums[kCount][kVectors];
  for (auto& row : sums) {
    for (auto& sum : row) sum = hn::Zero(d);
  }
  for (int64_t k = 0; k < width; ++k) {
    hn::Vec<D> column[kVectors];
    for (int v = 0; v < kVectors; ++v) column[v] = hn::Load(d, panel + (k * kVectors + v) * step);
    for (int i = 0; i < kCount; ++i) {
      const auto element = hn::Set(d, a[i * width + k]);
      for (int v = 0; v < kVectors; ++v) {
        sums[i][v] = Norm::add(d, sums[i][v], hn::Sub(element, column[v]));
      }
    }
  }
  for (int i = 0; i < kCount; ++i) {
    for (int v = 0; v < kVectors && v * step < columns; ++v) {
      part::store(d, Norm::norm(sums[i][v]), y + i * y_step + v * step, columns - v * step);
    }
  }
}

template <class Norm, class T>
void distances(const Tensor& a, const Tensor& b, Tensor& y) {
  const hn::ScalableTag<T> d;
  const int64_t m = y.shape()[1], n = y.shape()[2], width = a.shape()[2];
  const auto wide = static_cast<int64_t>(kVectors * hn::Lanes(d));
  const int64_t panels = (n + wide - 1) / wide;
  const T *from = a.data<T>(), *others = b.data<T>();
  T* to = y.data<T>();
  const int64_t grain = std::max<int64_t>(1, kWork / std::max<int64_t>(1, m * width * wide));
  parallel_for(y.shape()[0] * panels, grain, [&](int64_t begin, int64_t end) {
    const Scratch<T> panel(std::max<int64_t>(1, width * wide), "cdist");
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t o = unit / panels, first = unit % panels * wide;
      const int64_t columns = std::min(wide, n - first);
      pack_panel(d, others + (o * n + first) * width, columns, width, panel.data());
      const T* rows = from + o * m * width;
      T* results = to + o * m * n + first;
      int64_t i = 0;
      for (; i + kRows <= m; i += kRows) {
        panel_rows<kRows, Norm>(d, rows + i * width, width, panel.data(), columns, results + i * n,
                                n);
      }
      for (; i < m; ++i) {
        panel_rows<1, Norm>(d, rows + i * width, width, panel.data(), columns, results + i * n, n);
      }
    }
  });
}

/// One vector of the gradients of kCount rows of a, `part` elements of it.
template <int kCount, class Norm, class D, class T>
HWY_INLINE void slopes(D d, const T* a, const T* b, int64_t n, int64_t width, int64_t elements,
                       const T* weights, const T* y, T* da) {
  hn::Vec<D> sums[kCount], rows[kCount];
  for (int i = 0; i < kCount; ++i) {
    sums[i] = hn::Zero(d);
    rows[i] = part::load(d, a + i * width, elements);
  }
  for (int64_t j = 0; j < n; ++j) {
    const auto other = part::load(d, b + j * width, elements);
    for (int i = 0; i < kCount; ++i) {
      sums[i] = Norm::slope(d, sums[i], hn::Sub(rows[i], other), hn::Set(d, weights[i * n + j]),
                            hn::Set(d, y[i * n + j]));
    }
  }
  for (int i = 0; i < kCount; ++i) part::store(d, sums[i], da + i * width, elements);
}

template <class Norm, class T>
void distances_back(const Tensor& a, const Tensor& b, const Tensor& weights, const Tensor& y,
                    Tensor& da) {
  const hn::ScalableTag<T> d;
  const int64_t m = y.shape()[1], n = y.shape()[2], width = a.shape()[2];
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  const T *from = a.data<T>(), *others = b.data<T>(), *w = weights.data<T>(), *norms = y.data<T>();
  T* to = da.data<T>();
  const int64_t blocks = (m + kRows - 1) / kRows;
  const int64_t grain = std::max<int64_t>(1, kWork / (kRows * n * width));
  parallel_for(y.shape()[0] * blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t o = unit / blocks, first = unit % blocks * kRows;
      const int64_t stop = std::min(m, first + kRows);
      for (int64_t k = 0; k < width; k += step) {
        const T* b_part = others + o * n * width + k;
        const int64_t elements = std::min(step, width - k);
        const auto run = [&](auto count, int64_t row) {
          const int64_t i = o * m + row;
          slopes<count(), Norm>(d, from + i * width + k, b_part, n, width, elements, w + i * n,
                                norms + i * n, to + i * width + k);
        };
        if (stop - first == kRows) {
          run(std::integral_constant<int, kRows>(), first);
        } else {
          for (int64_t i = first; i < stop; ++i) run(std::integral_constant<int, 1>(), i);
        }
      }
    }
  });
}

template <class Norm>
void distances_of(const Tensor& a, const Tensor& b, Tensor& y) {
  return y.dtype() == DType::f64 ? distances<Norm, double>(a, b, y)
                                 : distances<Norm, float>(a, b, y);
}

template <class Norm>
void distances_back_of(const Tensor& a, const Tensor& b, const Tensor& weights, const Tensor& y,
                       Tensor& da) {
  return y.dtype() == DType::f64 ? distances_back<Norm, double>(a, b, weights, y, da)
                                 : distances_back<Norm, float>(a, b, weights, y, da);
}

}  // namespace

void cdist_in_vectors(const Tensor& a, const Tensor& b, double p, Tensor& y) {
  if (p == 1) return distances_of<SumOfSizes>(a, b, y);
  return p == 2 ? distances_of<SumOfSquares>(a, b, y) : distances_of<Largest>(a, b, y);
}

void cdist_back_in_vectors(const Tensor& a, const Tensor& b, double p, const Tensor& weights,
                           const Tensor& y, Tensor& da) {
  if (p == 1) return distances_back_of<SumOfSizes>(a, b, weights, y, da);
  return p == 2 ? distances_back_of<SumOfSquares>(a, b, weights, y, da)
                : distances_back_of<Largest>(a, b, weights, y, da);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(cdist_in_vectors);
HWY_EXPORT(cdist_back_in_vectors);

bool has_vectors(double p) {
  return p == 1 || p == 2 || p == std::numeric_limits<double>::infinity();
}

/// Calls f(o, i, row of a, first row of b) for each row of a.
template <class T, class F>
void each_row(const Tensor& a, const Tensor& b, F&& f) {
  const int64_t m = a.shape()[1], n = b.shape()[1], width = a.shape()[2];
  constexpr int64_t kPowers = 1024;  // for which a second thread pays
  const int64_t grain = std::max<int64_t>(1, kPowers / std::max<int64_t>(1, n * width));
  parallel_for(a.shape()[0] * m, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      f(row, a.data<T>() + row * width, b.data<T>() + row / m * n * width);
    }
  });
}

template <class T>
void distances_by_powers(const Tensor& a, const Tensor& b, double p, Tensor& y) {
  const int64_t n = b.shape()[1], width = a.shape()[2];
  T* to = y.data<T>();
  each_row<T>(a, b, [&](int64_t row, const T* x, const T* others) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < width; ++k) {
        const double t = std::abs(static_cast<double>(x[k]) - static_cast<double>(others[k]));
        sum += p > 0 ? std::pow(t, p) : std::isnan(t) ? t : static_cast<double>(t != 0);
      }
      to[row * n + j] = static_cast<T>(p == 0 ? sum : std::pow(sum, 1 / p));
      others += width;
    }
  });
}

template <class T>
void distances_by_powers_back(const Tensor& a, const Tensor& b, double p, const Tensor& weights,
                              Tensor& da) {
  const int64_t n = b.shape()[1], width = a.shape()[2];
  const T* w = weights.data<T>();
  T* to = da.data<T>();
  each_row<T>(a, b, [&](int64_t row, const T* x, const T* others) {
    for (int64_t k = 0; k < width; ++k) {
      double sum = 0;
      for (int64_t j = 0; j < n; ++j) {
        const double t = static_cast<double>(x[k]) - static_cast<double>(others[j * width + k]);
        if (t == 0) continue;
        sum += std::copysign(std::pow(std::abs(t), p - 1), t) * static_cast<double>(w[row * n + j]);
      }
      to[row * width + k] = static_cast<T>(sum);
    }
  });
}

}  // namespace

void cdist(Cpu, const Tensor& a, const Tensor& b, double p, Tensor& y) {
  if (has_vectors(p)) {
    HWY_DYNAMIC_DISPATCH(cdist_in_vectors)(a, b, p, y);
  } else if (y.dtype() == DType::f64) {
    distances_by_powers<double>(a, b, p, y);
  } else {
    distances_by_powers<float>(a, b, p, y);
  }
}

void cdist_back(Cpu, const Tensor& a, const Tensor& b, double p, const Tensor& weights,
                const Tensor& y, Tensor& da) {
  if (has_vectors(p)) {
    HWY_DYNAMIC_DISPATCH(cdist_back_in_vectors)(a, b, p, weights, y, da);
  } else if (y.dtype() == DType::f64) {
    distances_by_powers_back<double>(a, b, p, weights, da);
  } else {
    distances_by_powers_back<float>(a, b, p, weights, da);
  }
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
