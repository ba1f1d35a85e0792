#include <algorithm>
#include <cmath>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/normalize.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/normalize_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "strata/kernels/cpu/moments-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

constexpr int64_t kChunk = 32768;  // elements whose share of dweight and dbias is summed apart

/// value(i, n) of lanes i ... i + n of an optional vector: `fill` where there is none.
template <class C>
struct Optional {
  const C* data;
  C fill;

  template <class D>
  HWY_INLINE hn::Vec<D> at(D d, int64_t i) const {
    return data ? load(d, data + i) : hn::Set(d, fill);
  }
  template <class D>
  HWY_INLINE hn::Vec<D> at(D d, int64_t i, int64_t n) const {
    return data ? load_n(d, data + i, n, fill) : hn::Set(d, fill);
  }
};

template <class C>
Optional<C> optional(const Tensor& t, C fill) {
  return {t.defined() ? t.data<C>() : nullptr, fill};
}

template <class T>
Moments moments_about_zero(const T* x, int64_t n) {
  const Tag<T> d;
  const auto square = [&](auto v) HWY_ATTR { return hn::Mul(v, v); };
  const double squares = sum_of(
      d, n, [&](int64_t i) HWY_ATTR { return square(load_in_sequence(d, x + i)); },
      [&](int64_t i, int64_t rest) HWY_ATTR { return square(load_n(d, x + i, rest, 0)); });
  return {static_cast<double>(n), 0, squares};
}

template <class T>
void norm_row(const T* x, int64_t n, Computed<T> mean, Computed<T> inverse,
              const Optional<Computed<T>>& weight, const Optional<Computed<T>>& bias, T* y,
              const Writer<T>& write) {
  const Tag<T> d;
  const auto m = hn::Set(d, mean), s = hn::Set(d, inverse);
  const auto f = [&](auto v, auto w, auto b)
                     HWY_ATTR { return hn::MulAdd(hn::Mul(hn::Sub(v, m), s), w, b); };
  for_lanes(
      d, n,
      [&](int64_t i)
          HWY_ATTR { write(d, f(load(d, x + i), weight.at(d, i), bias.at(d, i)), y + i); },
      [&](int64_t i, int64_t c) HWY_ATTR {
        store_n(d, f(load_n(d, x + i, c, 0), weight.at(d, i, c), bias.at(d, i, c)), y + i, c);
      });
}

void run_row_norm(bool rms, double eps, const Tensor& x, const Tensor& weight, const Tensor& bias,
                  Tensor& mean, Tensor& inverse, Tensor& y) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    using C = Computed<T>;
    const int64_t rows = x.shape()[0], n = x.shape()[1];
    const T* from = x.data<T>();
    T* to = y.data<T>();
    C *means = rms ? nullptr : mean.data<C>(), *inverses = inverse.data<C>();
    const auto w = optional<C>(weight, 1), b = optional<C>(bias, 0);
    const Writer<T> write(to, x.numel(), n);
    for_rows(rows, n, [&](int64_t i) {
      const T* row = from + i * n;
      const Moments m = rms ? moments_about_zero(row, n) : row_moments(row, n);
      const auto centre = static_cast<C>(m.mean);
      const auto scale = static_cast<C>(1 / std::sqrt(m.squares / m.count + eps));
      if (means) means[i] = centre;
      inverses[i] = scale;
      norm_row(row, n, centre, scale, w, b, to + i * n, write);
    });
  });
}

/// The sums of one row that its dx needs, of g and of g h, with g = dy weight and h the normalised
/// row; adds dy h to dweight and dy to dbias where they are wanted.
struct RowSums {
  double g = 0, gh = 0;
};
template <bool wanted, class T>
RowSums sum_grad_row(const T* x, const T* dy, int64_t n, Computed<T> mean, Computed<T> inverse,
                     const Optional<Computed<T>>& weight, Computed<T>* dweight,
                     Computed<T>* dbias) {
  const Tag<T> d;
  const auto m = hn::Set(d, mean), s = hn::Set(d, inverse);
  RowSums sums;
  for (int64_t begin = 0; begin < n; begin += kRowBlock) {
    auto of_g = hn::Zero(d), of_gh = hn::Zero(d);
    const int64_t count = std::min(kRowBlock, n - begin);
    for_lanes(
        d, count,
        [&](int64_t k) HWY_ATTR {
          const int64_t i = begin + k;
          const auto g = load_in_sequence(d, dy + i), gw = hn::Mul(g, weight.at(d, i));
          const auto h = hn::Mul(hn::Sub(load_in_sequence(d, x + i), m), s);
          of_g = hn::Add(of_g, gw);
          of_gh = hn::MulAdd(gw, h, of_gh);
          if constexpr (!wanted) return;
          store(d, hn::MulAdd(g, h, load(d, dweight + i)), dweight + i);
          store(d, hn::Add(g, load(d, dbias + i)), dbias + i);
        },
        [&](int64_t k, int64_t c) HWY_ATTR {
          const int64_t i = begin + k;
          const auto g = load_n(d, dy + i, c, 0), gw = hn::Mul(g, weight.at(d, i, c));
          const auto h = hn::Mul(hn::Sub(load_n(d, x + i, c, 0), m), s);
          of_g = hn::Add(of_g, gw);
          of_gh = hn::MulAdd(gw, h, of_gh);
          if constexpr (!wanted) return;
          store_n(d, hn::MulAdd(g, h, load_n(d, dweight + i, c, 0)), dweight + i, c);
          store_n(d, hn::Add(g, load_n(d, dbias + i, c, 0)), dbias + i, c);
        });
    sums.g += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, of_g)));
    sums.gh += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, of_gh)));
  }
  return sums;
}

/// dx of one row: inverse (g - mean(g) - h mean(g h)), without mean(g) for RMS norm.
template <class T>
void norm_grad_row(bool rms, const RowSums& sums, const T* x, const T* dy, int64_t n,
                   Computed<T> mean, Computed<T> inverse, const Optional<Computed<T>>& weight,
                   T* dx, const Writer<T>& write) {
  using C = Computed<T>;
  const Tag<T> d;
  const auto m = hn::Set(d, mean), s = hn::Set(d, inverse);
  const auto a = hn::Set(d, rms ? C(0) : static_cast<C>(sums.g / static_cast<double>(n)));
  const auto b = hn::Set(d, static_cast<C>(sums.gh / static_cast<double>(n)));
  const auto f = [&](auto v, auto g, auto w) HWY_ATTR {
    const auto h = hn::Mul(hn::Sub(v, m), s);
    return hn::Mul(s, hn::NegMulAdd(h, b, hn::MulSub(g, w, a)));
  };
  for_lanes(
      d, n,
      [&](int64_t i)
          HWY_ATTR { write(d, f(load(d, x + i), load(d, dy + i), weight.at(d, i)), dx + i); },
      [&](int64_t i, int64_t c) HWY_ATTR {
        const auto v = load_n(d, x + i, c, 0), g = load_n(d, dy + i, c, 0);
        store_n(d, f(v, g, weight.at(d, i, c)), dx + i, c);
      });
}

/// Sums parts[chunk][which] over the chunks, in their order.
template <class C>
void merge_parts(const std::vector<C>& parts, int64_t chunks, int64_t which, int64_t n,
                 Tensor& to) {
  if (!to.defined()) return;
  C* out = to.data<C>();
  for (int64_t i = 0; i < n; ++i) {
    double total = 0;
    for (int64_t k = 0; k < chunks; ++k) {
      total += static_cast<double>(parts[static_cast<size_t>((k * 2 + which) * n + i)]);
    }
    out[i] = static_cast<C>(total);
  }
}

void run_row_norm_grad(bool rms, const Tensor& x, const Tensor& dy, const Tensor& weight,
                       const Tensor& mean, const Tensor& inverse, Tensor& dx, Tensor& dweight,
                       Tensor& dbias) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    using C = Computed<T>;
    const int64_t rows = x.shape()[0], n = x.shape()[1];
    const int64_t chunk = std::clamp<int64_t>(kChunk / std::max<int64_t>(n, 1), 16, 512);
    const int64_t chunks = (rows + chunk - 1) / chunk;
    const bool sums = dweight.defined() || dbias.defined();
    std::vector<C> parts(static_cast<size_t>(sums ? chunks * 2 * n : 0));
    const T *from = x.data<T>(), *g = dy.data<T>();
    T* to = dx.defined() ? dx.data<T>() : nullptr;
    const C *means = rms ? nullptr : mean.data<C>(), *inverses = inverse.data<C>();
    const auto w = optional<C>(weight, 1);
    const Writer<T> write(to, x.numel(), n);
    parallel_for(chunks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin * chunk; i < std::min(rows, end * chunk); ++i) {
        const C m = means ? means[i] : C(0);
        const int64_t at = i * n;
        C* part = sums ? &parts[static_cast<size_t>(i / chunk * 2 * n)] : nullptr;
        const T *row = from + at, *grad = g + at;
        const RowSums of =
            sums ? sum_grad_row<true>(row, grad, n, m, inverses[i], w, part, part + n)
                 : sum_grad_row<false, T>(row, grad, n, m, inverses[i], w, nullptr, nullptr);
        if (to) norm_grad_row(rms, of, row, grad, n, m, inverses[i], w, to + at, write);
      }
      hwy::FlushStream();
    });
    merge_parts(parts, chunks, 0, n, dweight);
    merge_parts(parts, chunks, 1, n, dbias);
  });
}

}  // namespace
}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(run_row_norm);
HWY_EXPORT(run_row_norm_grad);

}  // namespace

void row_norm(Cpu, bool rms, double eps, const Tensor& x, const Tensor& weight, const Tensor& bias,
              Tensor& mean, Tensor& inverse, Tensor& y) {
  if (x.numel() == 0) return;
  HWY_DYNAMIC_DISPATCH(run_row_norm)(rms, eps, x, weight, bias, mean, inverse, y);
}

void row_norm_grad(Cpu, bool rms, const Tensor& x, const Tensor& dy, const Tensor& weight,
                   const Tensor& mean, const Tensor& inverse, Tensor& dx, Tensor& dweight,
                   Tensor& dbias) {
  HWY_DYNAMIC_DISPATCH(run_row_norm_grad)
  (rms, x, dy, weight, mean, inverse, dx, dweight, dbias);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
