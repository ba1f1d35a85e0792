#include "strata/kernels/distances.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/pairs.h"
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

/// sum + sign(t) weight.
template <class D, class V>
HWY_INLINE V add_turned(D d, V sum, V t, V weight) {
  const V turned = hn::Xor(weight, hn::And(hn::SignBit(d), t));
  return hn::Add(sum, hn::IfThenElseZero(hn::Ne(t, hn::Zero(d)), turned));
}

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
    // Infinity from itself is NaN too, but has no weight among pairs.
    const auto broken = hn::And(hn::IsNaN(t), hn::Ne(weight, hn::Zero(d)));
    return hn::IfThenElse(broken, t, add_turned(d, sum, t, weight));
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
    return hn::IfThenElse(hn::IsNaN(y), y, add_turned(d, sum, t, counted));
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

/// kCount rows of a against a panel; what row i gives goes to place(i).
template <int kCount, class Norm, class D, class T, class Place>
HWY_INLINE void few_rows(D d, const T* a, int64_t width, const T* panel, int64_t columns,
                         Place place) {
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
      part::store(d, Norm::norm(sums[i][v]), place(i) + v * step, columns - v * step);
    }
  }
}

/// The same of `count` rows.
template <class Norm, class D, class T, class Place>
void panel_rows(D d, const T* a, int64_t count, int64_t width, const T* panel, int64_t columns,
                Place place) {
  int64_t i = 0;
  for (; i + kRows <= count; i += kRows) {
    few_rows<kRows, Norm>(d, a + i * width, width, panel, columns,
                          [&](int64_t k) { return place(i + k); });
  }
  for (; i < count; ++i) {
    few_rows<1, Norm>(d, a + i * width, width, panel, columns, [&](int64_t) { return place(i); });
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
      T* results = to + o * m * n + first;
      panel_rows<Norm>(d, from + o * m * width, m, width, panel.data(), columns,
                       [&](int64_t i) { return results + i * n; });
    }
  });
}

template <class Norm, class T>
void pairs(const Tensor& x, Tensor& y) {
  const hn::ScalableTag<T> d;
  const int64_t n = x.shape()[0], width = x.shape()[1];
  const auto wide = static_cast<int64_t>(kVectors * hn::Lanes(d));
  const int64_t panels = (n + wide - 1) / wide;
  const T* rows = x.data<T>();
  T* to = y.data<T>();
  const int64_t grain = std::max<int64_t>(1, kWork / std::max<int64_t>(1, n * width * wide));
  parallel_for(panels, grain, [&](int64_t begin, int64_t end) {
    const Scratch<T> panel(std::max<int64_t>(1, width * wide), "pdist");
    const Scratch<T> square(wide * wide, "pdist");
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t first = cpu::from_both_ends(unit, panels) * wide;
      const int64_t columns = std::min(wide, n - first);
      pack_panel(d, rows + first * width, columns, width, panel.data());
      panel_rows<Norm>(d, rows, first, width, panel.data(), columns,
                       [&](int64_t i) { return to + cpu::pairs_before(i, n) + first - i - 1; });
      // Of the panel's own rows only what lies above the diagonal.
      panel_rows<Norm>(d, rows + first * width, columns - 1, width, panel.data(), columns,
                       [&](int64_t i) { return square.data() + i * wide; });
      for (int64_t i = 0; i < columns - 1; ++i) {
        std::copy_n(square.data() + i * wide + i + 1, columns - i - 1,
                    to + cpu::pairs_before(first + i, n));
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

/// The gradients of `count` rows of a, kRows at most, by the n rows of b; weights and y [count, n].
template <class Norm, class D, class T>
void rows_back(D d, const T* a, int64_t count, const T* b, int64_t n, int64_t width,
               const T* weights, const T* y, T* da) {
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t k = 0; k < width; k += step) {
    const int64_t elements = std::min(step, width - k);
    const auto run = [&](auto rows, int64_t i) {
      slopes<rows(), Norm>(d, a + i * width + k, b + k, n, width, elements, weights + i * n,
                           y + i * n, da + i * width + k);
    };
    if (count == kRows) {
      run(std::integral_constant<int, kRows>(), 0);
    } else {
      for (int64_t i = 0; i < count; ++i) run(std::integral_constant<int, 1>(), i);
    }
  }
}

template <class Norm, class T>
void distances_back(const Tensor& a, const Tensor& b, const Tensor& weights, const Tensor& y,
                    Tensor& da) {
  const hn::ScalableTag<T> d;
  const int64_t m = y.shape()[1], n = y.shape()[2], width = a.shape()[2];
  const T *from = a.data<T>(), *others = b.data<T>(), *w = weights.data<T>(), *norms = y.data<T>();
  T* to = da.data<T>();
  const int64_t blocks = (m + kRows - 1) / kRows;
  const int64_t grain = std::max<int64_t>(1, kWork / (kRows * n * width));
  parallel_for(y.shape()[0] * blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t o = unit / blocks, first = unit % blocks * kRows, row = o * m + first;
      rows_back<Norm>(d, from + row * width, std::min<int64_t>(kRows, m - first),
                      others + o * n * width, n, width, w + row * n, norms + row * n,
                      to + row * width);
    }
  });
}

template <class Norm, class T>
void pairs_back(const Tensor& x, const Tensor& weights, const Tensor& y, Tensor& dx) {
  const hn::ScalableTag<T> d;
  const int64_t n = x.shape()[0], width = x.shape()[1];
  const T* rows = x.data<T>();
  T* to = dx.data<T>();
  const int64_t blocks = (n + kRows - 1) / kRows;
  const int64_t grain = std::max<int64_t>(1, kWork / (kRows * n * width));
  parallel_for(blocks, grain, [&](int64_t begin, int64_t end) {
    const Scratch<T> w(kRows * n, "pdist"), norms(kRows * n, "pdist");
    for (int64_t first = begin * kRows; first < std::min(n, end * kRows); first += kRows) {
      const int64_t count = std::min<int64_t>(kRows, n - first);
      for (int64_t i = 0; i < count; ++i) {
        cpu::row_of_pairs(weights.data<T>(), first + i, n, w.data() + i * n);
        cpu::row_of_pairs(y.data<T>(), first + i, n, norms.data() + i * n);
      }
      rows_back<Norm>(d, rows + first * width, count, rows, n, width, w.data(), norms.data(),
                      to + first * width);
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

template <class Norm>
void pairs_of(const Tensor& x, Tensor& y) {
  return y.dtype() == DType::f64 ? pairs<Norm, double>(x, y) : pairs<Norm, float>(x, y);
}

template <class Norm>
void pairs_back_of(const Tensor& x, const Tensor& weights, const Tensor& y, Tensor& dx) {
  return y.dtype() == DType::f64 ? pairs_back<Norm, double>(x, weights, y, dx)
                                 : pairs_back<Norm, float>(x, weights, y, dx);
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

void pdist_in_vectors(const Tensor& x, double p, Tensor& y) {
  if (p == 1) return pairs_of<SumOfSizes>(x, y);
  return p == 2 ? pairs_of<SumOfSquares>(x, y) : pairs_of<Largest>(x, y);
}

void pdist_back_in_vectors(const Tensor& x, double p, const Tensor& weights, const Tensor& y,
                           Tensor& dx) {
  if (p == 1) return pairs_back_of<SumOfSizes>(x, weights, y, dx);
  return p == 2 ? pairs_back_of<SumOfSquares>(x, weights, y, dx)
                : pairs_back_of<Largest>(x, weights, y, dx);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(cdist_in_vectors);
HWY_EXPORT(cdist_back_in_vectors);
HWY_EXPORT(pdist_in_vectors);
HWY_EXPORT(pdist_back_in_vectors);

bool has_vectors(double p) {
  return p == 1 || p == 2 || p == std::numeric_limits<double>::infinity();
}

/// Calls f(i) for each of `rows` rows that are set against n others.
template <class F>
void each_row(int64_t rows, int64_t n, int64_t width, F&& f) {
  constexpr int64_t kPowers = 1024;  // for which a second thread pays
  const int64_t grain = std::max<int64_t>(1, kPowers / std::max<int64_t>(1, n * width));
  parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) f(i);
  });
}

/// From a row to each of n others.
template <class T>
void row_by_powers(const T* x, const T* others, int64_t n, int64_t width, double p, T* y) {
  for (int64_t j = 0; j < n; ++j) {
    double sum = 0;
    for (int64_t k = 0; k < width; ++k) {
      const double t = std::abs(static_cast<double>(x[k]) - static_cast<double>(others[k]));
      sum += p > 0 ? std::pow(t, p) : std::isnan(t) ? t : static_cast<double>(t != 0);
    }
    y[j] = static_cast<T>(p == 0 ? sum : std::pow(sum, 1 / p));
    others += width;
  }
}

/// The gradient of a row by n others.
template <class T>
void row_by_powers_back(const T* x, const T* others, int64_t n, int64_t width, double p,
                        const T* weights, T* dx) {
  for (int64_t k = 0; k < width; ++k) {
    double sum = 0;
    for (int64_t j = 0; j < n; ++j) {
      const double t = static_cast<double>(x[k]) - static_cast<double>(others[j * width + k]);
      if (t == 0 && p < 1) continue;  // an infinite slope
      sum += std::copysign(std::pow(std::abs(t), p - 1), t) * static_cast<double>(weights[j]);
    }
    dx[k] = static_cast<T>(sum);
  }
}

template <class T>
void distances_by_powers(const Tensor& a, const Tensor& b, double p, Tensor& y) {
  const int64_t m = a.shape()[1], n = b.shape()[1], width = a.shape()[2];
  const T *from = a.data<T>(), *others = b.data<T>();
  T* to = y.data<T>();
  each_row(a.shape()[0] * m, n, width, [&](int64_t i) {
    row_by_powers(from + i * width, others + i / m * n * width, n, width, p, to + i * n);
  });
}

template <class T>
void distances_by_powers_back(const Tensor& a, const Tensor& b, double p, const Tensor& weights,
                              Tensor& da) {
  const int64_t m = a.shape()[1], n = b.shape()[1], width = a.shape()[2];
  const T *from = a.data<T>(), *others = b.data<T>(), *w = weights.data<T>();
  T* to = da.data<T>();
  each_row(a.shape()[0] * m, n, width, [&](int64_t i) {
    row_by_powers_back(from + i * width, others + i / m * n * width, n, width, p, w + i * n,
                       to + i * width);
  });
}

template <class T>
void pairs_by_powers(const Tensor& x, double p, Tensor& y) {
  const int64_t n = x.shape()[0], width = x.shape()[1];
  const T* rows = x.data<T>();
  T* to = y.data<T>();
  each_row(n - 1, n, width, [&](int64_t k) {
    const int64_t i = cpu::from_both_ends(k, n - 1);
    row_by_powers(rows + i * width, rows + (i + 1) * width, n - i - 1, width, p,
                  to + cpu::pairs_before(i, n));
  });
}

template <class T>
void pairs_by_powers_back(const Tensor& x, double p, const Tensor& weights, Tensor& dx) {
  const int64_t n = x.shape()[0], width = x.shape()[1];
  const T *rows = x.data<T>(), *w = weights.data<T>();
  T* to = dx.data<T>();
  each_row(n, n, width, [&](int64_t i) {
    const Scratch<T> row(n, "pdist");
    cpu::row_of_pairs(w, i, n, row.data());
    row_by_powers_back(rows + i * width, rows, n, width, p, row.data(), to + i * width);
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

void pdist(Cpu, const Tensor& x, double p, Tensor& y) {
  if (has_vectors(p)) {
    HWY_DYNAMIC_DISPATCH(pdist_in_vectors)(x, p, y);
  } else if (y.dtype() == DType::f64) {
    pairs_by_powers<double>(x, p, y);
  } else {
    pairs_by_powers<float>(x, p, y);
  }
}

void pdist_back(Cpu, const Tensor& x, double p, const Tensor& weights, const Tensor& y,
                Tensor& dx) {
  if (has_vectors(p)) {
    HWY_DYNAMIC_DISPATCH(pdist_back_in_vectors)(x, p, weights, y, dx);
  } else if (y.dtype() == DType::f64) {
    pairs_by_powers_back<double>(x, p, weights, dx);
  } else {
    pairs_by_powers_back<float>(x, p, weights, dx);
  }
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
