#include "strata/kernels/softmax.h"

#include "strata/kernels/cpu/axes.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/softmax.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "strata/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

template <class T>
void softmax_row(const T* x, int64_t n, T* y) {
  const Tag<T> d;
  const Computed<T> m = row_max(x, n);
  const auto shift = hn::Set(d, m);
  if constexpr (std::is_same_v<T, bfloat16>) {
    // The exponentials are computed twice rather than rounded twice.
    const auto scale = hn::Set(d, static_cast<float>(1 / row_sum_exp(x, n, m)));
    map_row(x, n, y,
            [&](auto v) HWY_ATTR { return hn::Mul(exp_nonpositive(d, hn::Sub(v, shift)), scale); });
  } else {
    const double sum = sum_of(
        d, n,
        [&](int64_t i) HWY_ATTR {
          const auto e = exp_nonpositive(d, hn::Sub(load(d, x + i), shift));
          store(d, e, y + i);
          return e;
        },
        [&](int64_t i, int64_t count) HWY_ATTR {
          const auto v = load_n(d, x + i, count, kLowest<T>);
          const auto e = exp_nonpositive(d, hn::Sub(v, shift));
          store_n(d, e, y + i, count);
          return e;
        });
    const auto scale = hn::Set(d, static_cast<T>(1 / sum));
    map_row(y, n, y, [&](auto v) HWY_ATTR { return hn::Mul(v, scale); });
  }
}

template <class T>
void log_softmax_row(const T* x, int64_t n, T* y) {
  const Tag<T> d;
  const Computed<T> m = row_max(x, n);
  const auto shift = hn::Set(d, m);
  const auto rest = hn::Set(d, static_cast<Computed<T>>(std::log(row_sum_exp(x, n, m))));
  map_row(x, n, y, [&](auto v) HWY_ATTR { return hn::Sub(hn::Sub(v, shift), rest); });
}

template <class T>
void softmax_grad_row(const T* y, const T* dy, int64_t n, T* dx) {
  const Tag<T> d;
  const double sum = sum_of(
      d, n,
      [&](int64_t i)
          HWY_ATTR { return hn::Mul(load_in_sequence(d, y + i), load_in_sequence(d, dy + i)); },
      [&](int64_t i, int64_t count)
          HWY_ATTR { return hn::Mul(load_n(d, y + i, count, 0), load_n(d, dy + i, count, 0)); });
  const auto s = hn::Set(d, static_cast<Computed<T>>(sum));
  map_rows(y, dy, n, dx, [&](auto p, auto g) HWY_ATTR { return hn::Mul(p, hn::Sub(g, s)); });
}

template <class T>
void log_softmax_grad_row(const T* y, const T* dy, int64_t n, T* dx) {
  const Tag<T> d;
  const double sum = sum_of(
      d, n, [&](int64_t i) HWY_ATTR { return load_in_sequence(d, dy + i); },
      [&](int64_t i, int64_t count) HWY_ATTR { return load_n(d, dy + i, count, 0); });
  const auto s = hn::Set(d, static_cast<Computed<T>>(sum));
  map_rows(y, dy, n, dx,
           [&](auto p, auto g) HWY_ATTR { return hn::NegMulAdd(exp_of(d, p), s, g); });
}

template <class T>
void softmax_narrow(bool log, const T* x, int64_t rows, int64_t n, T* y) {
  NarrowRows<T> at;
  narrow_exp(x, rows, n, at);
  if (log) map_buffer(at.sums, rows, [](auto d, auto v) HWY_ATTR { return log_of(d, v); });
  for (int64_t r = 0; r < rows; ++r) {
    const auto sum = at.sums[r], scale = 1 / sum;
    for (int64_t i = r * n; i < (r + 1) * n; ++i) {
      const auto v = log ? static_cast<Computed<T>>(x[i]) - at.most[r] - sum : at.values[i] * scale;
      y[i] = static_cast<T>(v);
    }
  }
}

void softmax_rows(bool log, const Tensor& x, int64_t n, Tensor& y) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    if (n <= kNarrow) {
      for_groups(x.numel() / n, NarrowRows<T>::rows_together(n), n,
                 [=](int64_t first, int64_t count) {
                   softmax_narrow(log, from + first * n, count, n, to + first * n);
                 });
      return;
    }
    for_rows(x.numel() / n, n, [=](int64_t i) {
      log ? log_softmax_row(from + i * n, n, to + i * n) : softmax_row(from + i * n, n, to + i * n);
    });
  });
}

void softmax_grad_rows(bool log, const Tensor& y, const Tensor& dy, int64_t n, Tensor& dx) {
  for_float(y.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T *p = y.data<T>(), *g = dy.data<T>();
    T* to = dx.data<T>();
    for_rows(y.numel() / n, n, [=](int64_t i) {
      const int64_t at = i * n;
      log ? log_softmax_grad_row(p + at, g + at, n, to + at)
          : softmax_grad_row(p + at, g + at, n, to + at);
    });
  });
}

void logsumexp_rows(const Tensor& x, int64_t n, Tensor& y) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    for_rows(y.numel(), std::max<int64_t>(n, 1),
             [=](int64_t i) { to[i] = static_cast<T>(row_logsumexp(from + i * n, n)); });
  });
}

}  // namespace
}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(softmax_rows);
HWY_EXPORT(softmax_grad_rows);
HWY_EXPORT(logsumexp_rows);

void forward(bool log, const Tensor& x, int axis, Tensor& y) {
  if (x.numel() == 0) return;
  const Tensor from = cpu::packed(cpu::swap_with_last(x, axis));
  Tensor to = cpu::rows_of_result(y, axis);
  HWY_DYNAMIC_DISPATCH(softmax_rows)(log, from, x.size(axis), to);
  cpu::finish_rows(to, y, axis);
}

void backward(bool log, const Tensor& y, const Tensor& dy, int axis, Tensor& dx) {
  if (y.numel() == 0) return;
  const Tensor p = cpu::packed(cpu::swap_with_last(y, axis));
  const Tensor g = cpu::packed(cpu::swap_with_last(dy, axis));
  Tensor to = cpu::rows_of_result(dx, axis);
  HWY_DYNAMIC_DISPATCH(softmax_grad_rows)(log, p, g, y.size(axis), to);
  cpu::finish_rows(to, dx, axis);
}

}  // namespace

void softmax(Cpu, const Tensor& x, int axis, Tensor& y) { forward(false, x, axis, y); }
void log_softmax(Cpu, const Tensor& x, int axis, Tensor& y) { forward(true, x, axis, y); }

void softmax_grad(Cpu, const Tensor& y, const Tensor& dy, int axis, Tensor& dx) {
  backward(false, y, dy, axis, dx);
}
void log_softmax_grad(Cpu, const Tensor& y, const Tensor& dy, int axis, Tensor& dx) {
  backward(true, y, dy, axis, dx);
}

void logsumexp(Cpu, const Tensor& x, Tensor& y) {
  if (y.numel() == 0) return;
  const Tensor from = cpu::reduced_last(x, y.shape());
  HWY_DYNAMIC_DISPATCH(logsumexp_rows)(from, x.numel() / y.numel(), y);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
