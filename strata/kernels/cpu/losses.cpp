#include "strata/kernels/losses.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "strata/base/parallel.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/losses.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "strata/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

constexpr int64_t kChunk = 16384;  // elements that are a unit of work, summed apart

template <class D>
HWY_INLINE hn::Vec<D> log1p_of(D d, hn::Vec<D> x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, float>) {
    return simd::log1p(d, x);
  } else {
    HWY_ALIGN double buffer[hn::MaxLanes(d)];
    hn::Store(x, d, buffer);
    for (double& v : buffer) v = std::log1p(v);
    return hn::Load(d, buffer);
  }
}

struct Squared {
  template <class D, class V>
  static HWY_INLINE V value(D, V x, V t) {
    const V e = hn::Sub(x, t);
    return hn::Mul(e, e);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D, V x, V t) {
    const V e = hn::Sub(x, t);
    return hn::Add(e, e);
  }
};

struct Absolute {
  template <class D, class V>
  static HWY_INLINE V value(D, V x, V t) {
    return hn::Abs(hn::Sub(x, t));
  }
  /// The sign; 0 at 0, NaN at NaN.
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, V t) {
    const V e = hn::Sub(x, t);
    const V sign = hn::CopySign(hn::Set(d, 1), e);
    return hn::IfThenElse(hn::Or(hn::Eq(e, hn::Zero(d)), hn::IsNaN(e)), e, sign);
  }
};

struct Binary {
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, V t) {
    const V tail = log1p_of(d, exp_of(d, hn::Neg(hn::Abs(x))));
    return hn::Add(hn::Sub(hn::Max(hn::Zero(d), x), hn::Mul(x, t)), tail);
  }
  /// sigmoid(x) - t.
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, V t) {
    const V one = hn::Set(d, 1);
    const V e = exp_of(d, hn::Neg(hn::Abs(x)));
    const V top = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
    return hn::Sub(hn::Div(top, hn::Add(one, e)), t);
  }
};

template <class Loss, class T>
double pair_sum(const T* x, const T* t, int64_t n) {
  const Tag<T> d;
  double total = sum_of(
      d, n - n % lanes(d),
      [&](int64_t i) HWY_ATTR { return Loss::value(d, load(d, x + i), load(d, t + i)); },
      [&](int64_t, int64_t) HWY_ATTR { return hn::Zero(d); });
  const int64_t rest = n % lanes(d);
  if (rest == 0) return total;
  HWY_ALIGN Computed<T> last[hn::MaxLanes(d)];
  const int64_t at = n - rest;
  hn::Store(Loss::value(d, load_n(d, x + at, rest, 0), load_n(d, t + at, rest, 0)), d, last);
  for (int64_t i = 0; i < rest; ++i) total += static_cast<double>(last[i]);
  return total;
}

template <class Loss, class T>
void pair_loss_as(const T* x, const T* t, int64_t n, double scale, T* y, bool each) {
  const Tag<T> d;
  if (each) {
    parallel_for(n, kChunk, [&](int64_t begin, int64_t end) {
      map_rows(x + begin, t + begin, end - begin, y + begin,
               [&](auto a, auto b) HWY_ATTR { return Loss::value(d, a, b); });
    });
    return;
  }
  double total = 0;
  if (n <= kChunk) {
    total = pair_sum<Loss>(x, t, n);
  } else {
    std::vector<double> parts(static_cast<size_t>((n + kChunk - 1) / kChunk));
    parallel_for(n, kChunk, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i += kChunk) {
        parts[static_cast<size_t>(i / kChunk)] =
            pair_sum<Loss>(x + i, t + i, std::min(kChunk, end - i));
      }
    });
    for (double part : parts) total += part;
  }
  *y = static_cast<T>(total * scale);
}

template <class Loss, class T>
void pair_grad_as(const T* x, const T* t, int64_t n, const T* dy, double scale, T* dx, bool each) {
  const Tag<T> d;
  const double common = each ? scale : scale * static_cast<double>(*dy);
  const auto s = hn::Set(d, static_cast<Computed<T>>(common));
  parallel_for(n, kChunk, [&](int64_t begin, int64_t end) {
    map_rows(x + begin, t + begin, end - begin, dx + begin,
             [&](auto a, auto b) HWY_ATTR { return hn::Mul(Loss::slope(d, a, b), s); });
    if (!each) return;
    map_rows(dx + begin, dy + begin, end - begin, dx + begin,
             [&](auto a, auto b) HWY_ATTR { return hn::Mul(a, b); });
  });
}

template <class F>
void for_pair_loss(PairLoss what, F f) {
  switch (what) {
    case PairLoss::squared: return f(Squared());
    case PairLoss::absolute: return f(Absolute());
    case PairLoss::binary: return f(Binary());
  }
}

void run_pair_loss(PairLoss what, const Tensor& x, const Tensor& t, double scale, Tensor& y) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for_pair_loss(what, [&](auto loss) {
      pair_loss_as<decltype(loss)>(x.data<T>(), t.data<T>(), x.numel(), scale, y.data<T>(),
                                   y.shape() == x.shape() && y.rank() > 0);
    });
  });
}

void run_pair_grad(PairLoss what, const Tensor& x, const Tensor& t, const Tensor& dy, double scale,
                   Tensor& dx) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for_pair_loss(what, [&](auto loss) {
      pair_grad_as<decltype(loss)>(x.data<T>(), t.data<T>(), x.numel(), dy.data<T>(), scale,
                                   dx.data<T>(), dy.numel() == x.numel());
    });
  });
}

/// One row of kernels::cross_entropy, `spread` being sum_c w[c].
template <class T>
struct CrossEntropyRow {
  const Computed<T>* weight;  // or null
  int64_t classes;
  double smoothing, spread;

  double at_target(int64_t t) const { return (1 - smoothing) * (weight ? weight[t] : 1); }
  double everywhere() const { return smoothing / static_cast<double>(classes); }

  double loss(const T* x, int64_t t, Computed<T> lse) const {
    double loss = at_target(t) * static_cast<double>(lse - static_cast<Computed<T>>(x[t]));
    if (smoothing != 0) loss += everywhere() * weighted_sum(x, lse);
    return loss;
  }

  /// sum_c w[c] (lse - x[c]).
  double weighted_sum(const T* x, Computed<T> lse) const {
    double total = 0;
    for (int64_t c = 0; c < classes; ++c) {
      total += (weight ? weight[c] : 1) * static_cast<double>(lse - static_cast<Computed<T>>(x[c]));
    }
    return total;
  }

  /// dx[c] = dy ((a + b spread) softmax(x)[c] - b w[c] - a [c == t]).
  void grad(const T* x, int64_t t, Computed<T> lse, double dy, T* dx) const {
    const Tag<T> d;
    const auto a = static_cast<Computed<T>>(dy * at_target(t));
    const auto b = static_cast<Computed<T>>(dy * everywhere());
    const auto k = static_cast<Computed<T>>(dy * (at_target(t) + everywhere() * spread));
    const auto top = hn::Set(d, k), shift = hn::Set(d, lse), base = hn::Set(d, b);
    if (weight && smoothing != 0) {
      map_rows(x, weight, classes, dx, [&](auto v, auto w) HWY_ATTR {
        return hn::MulSub(top, exp_nonpositive(d, hn::Sub(v, shift)), hn::Mul(base, w));
      });
    } else {
      map_row(x, classes, dx, [&](auto v) HWY_ATTR {
        return hn::MulSub(top, exp_nonpositive(d, hn::Sub(v, shift)), base);
      });
    }
    if constexpr (std::is_same_v<T, bfloat16>) {  // what is stored was rounded already
      const float here =
          k * std::exp(static_cast<float>(x[t]) - lse) - b * (weight ? weight[t] : 1);
      dx[t] = bfloat16(here - a);
    } else {
      dx[t] -= a;
    }
  }
};

template <class T>
CrossEntropyRow<T> row_of(const CrossEntropy& c, const Tensor& x, const Tensor& weight) {
  CrossEntropyRow<T> row{nullptr, x.shape()[1], c.smoothing, static_cast<double>(x.shape()[1])};
  if (!weight.defined()) return row;
  row.weight = weight.data<Computed<T>>();
  row.spread = 0;
  for (int64_t i = 0; i < row.classes; ++i) row.spread += static_cast<double>(row.weight[i]);
  return row;
}

/// Rows first ... first + count, together.
template <class T>
void narrow_cross_entropy(const CrossEntropyRow<T>& row, const T* x, const int64_t* target,
                          int64_t count, int64_t ignore, Computed<T>* losses, Computed<T>* lse) {
  NarrowRows<T> at;
  narrow_exp(x, count, row.classes, at);
  map_buffer(at.sums, count, [](auto d, auto v) HWY_ATTR { return log_of(d, v); });
  for (int64_t i = 0; i < count; ++i) {
    lse[i] = at.most[i] + at.sums[i];
    const T* values = x + i * row.classes;
    const int64_t t = target[i];
    losses[i] = t == ignore ? 0 : static_cast<Computed<T>>(row.loss(values, t, lse[i]));
  }
}

template <class T, class Slope>
void narrow_cross_entropy_grad(const CrossEntropyRow<T>& row, const T* x, const int64_t* target,
                               int64_t count, int64_t ignore, const Computed<T>* lse, Slope slope,
                               T* dx) {
  using C = Computed<T>;
  const int64_t n = row.classes;
  NarrowRows<T> at;
  shift_rows(x, count, n, at.values, [lse](int64_t r, const T*) { return lse[r]; });
  map_buffer(at.values, count * n, [](auto d, auto v) HWY_ATTR { return exp_nonpositive(d, v); });
  for (int64_t i = 0; i < count; ++i) {
    C* values = at.values + i * n;
    const int64_t t = target[i];
    if (t == ignore) {
      std::fill_n(values, n, C(0));
      continue;
    }
    const double dy = slope(i);
    const auto a = static_cast<C>(dy * row.at_target(t));
    const auto b = static_cast<C>(dy * row.everywhere());
    const auto k = static_cast<C>(dy * (row.at_target(t) + row.everywhere() * row.spread));
    for (int64_t c = 0; c < n; ++c)
      values[c] = k * values[c] - (row.weight ? b * row.weight[c] : b);
    values[t] -= a;
  }
  const Tag<T> d;
  for_lanes(
      d, count * n, [&](int64_t i) HWY_ATTR { store(d, hn::Load(d, at.values + i), dx + i); },
      [&](int64_t i, int64_t rest)
          HWY_ATTR { store_n(d, hn::Load(d, at.values + i), dx + i, rest); });
}

void run_cross_entropy(const CrossEntropy& c, const Tensor& x, const Tensor& target,
                       const Tensor& weight, Tensor& losses, Tensor& lse) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto row = row_of<T>(c, x, weight);
    const T* from = x.data<T>();
    const auto* t = target.data<int64_t>();
    auto* loss = losses.data<Computed<T>>();
    auto* l = lse.data<Computed<T>>();
    if (row.classes <= kNarrow) {
      const int64_t together = NarrowRows<T>::rows_together(row.classes);
      for_groups(x.shape()[0], together, row.classes, [&](int64_t i, int64_t count) {
        narrow_cross_entropy(row, from + i * row.classes, t + i, count, c.ignore, loss + i, l + i);
      });
      return;
    }
    for_rows(x.shape()[0], row.classes, [&](int64_t i) {
      const T* at = from + i * row.classes;
      const Computed<T> m = row_max(at, row.classes);
      l[i] = m + static_cast<Computed<T>>(std::log(row_sum_exp(at, row.classes, m)));
      const bool ignored = t[i] == c.ignore;
      loss[i] = ignored ? 0 : static_cast<Computed<T>>(row.loss(at, t[i], l[i]));
    });
  });
}

void run_cross_entropy_grad(const CrossEntropy& c, const Tensor& x, const Tensor& target,
                            const Tensor& weight, const Tensor& lse, const Tensor& dy, double scale,
                            Tensor& dx) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto row = row_of<T>(c, x, weight);
    const T *from = x.data<T>(), *g = dy.data<T>();
    const auto* t = target.data<int64_t>();
    const auto* l = lse.data<Computed<T>>();
    T* to = dx.data<T>();
    const bool each = dy.rank() > 0;
    const auto slope = [=](int64_t i) { return scale * static_cast<double>(g[each ? i : 0]); };
    if (row.classes <= kNarrow) {
      const int64_t together = NarrowRows<T>::rows_together(row.classes);
      for_groups(x.shape()[0], together, row.classes, [&](int64_t i, int64_t count) {
        narrow_cross_entropy_grad(
            row, from + i * row.classes, t + i, count, c.ignore, l + i,
            [&](int64_t k) { return slope(i + k); }, to + i * row.classes);
      });
      return;
    }
    for_rows(x.shape()[0], row.classes, [&](int64_t i) {
      const int64_t at = i * row.classes;
      if (t[i] == c.ignore) {
        std::fill_n(to + at, row.classes, T(0));
      } else {
        row.grad(from + at, t[i], l[i], slope(i), to + at);
      }
    });
  });
}

}  // namespace
}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(run_pair_loss);
HWY_EXPORT(run_pair_grad);
HWY_EXPORT(run_cross_entropy);
HWY_EXPORT(run_cross_entropy_grad);

}  // namespace

void pair_loss(Cpu, PairLoss what, const Tensor& x, const Tensor& t, double scale, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(run_pair_loss)(what, x, t, scale, y);
}

void pair_loss_grad(Cpu, PairLoss what, const Tensor& x, const Tensor& t, const Tensor& dy,
                    double scale, Tensor& dx) {
  HWY_DYNAMIC_DISPATCH(run_pair_grad)(what, x, t, dy, scale, dx);
}

void cross_entropy(Cpu, const CrossEntropy& c, const Tensor& x, const Tensor& target,
                   const Tensor& weight, Tensor& losses, Tensor& lse) {
  if (x.numel() == 0) return;
  HWY_DYNAMIC_DISPATCH(run_cross_entropy)(c, x, target, weight, losses, lse);
}

void cross_entropy_grad(Cpu, const CrossEntropy& c, const Tensor& x, const Tensor& target,
                        const Tensor& weight, const Tensor& lse, const Tensor& dy, double scale,
                        Tensor& dx) {
  if (x.numel() == 0) return;
  HWY_DYNAMIC_DISPATCH(run_cross_entropy_grad)(c, x, target, weight, lse, dy, scale, dx);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
