#include "strata/kernels/cpu/rnn_cells.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "strata/base/parallel.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/rnn_cells.cpp"
#include <hwy/foreach_target.h>
#include "strata/kernels/cpu/lanes-inl.h"
#include "strata/kernels/cpu/simd_math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

using cpu::RnnBackwardStep;
using cpu::RnnForwardStep;
using cpu::RnnStep;

/// f of each lane, for f64, whose functions are libm's.
template <class D, class F>
HWY_INLINE hn::Vec<D> by_lane(D d, hn::Vec<D> x, F f) {
  HWY_ALIGN hn::TFromD<D> buffer[hn::MaxLanes(d)];
  hn::Store(x, d, buffer);
  for (auto& v : buffer) v = f(v);
  return hn::Load(d, buffer);
}

template <class D>
HWY_INLINE hn::Vec<D> tanh_of(D d, hn::Vec<D> x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, float>) {
    return simd::tanh(d, x);
  } else {
    return by_lane(d, x, [](double v) { return std::tanh(v); });
  }
}

template <class D>
HWY_INLINE hn::Vec<D> sigmoid_of(D d, hn::Vec<D> x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, float>) {
    return simd::sigmoid(d, x);
  } else {
    return by_lane(d, x, [](double v) {
      const double e = std::exp(-std::abs(v));
      return (v < 0 ? e : 1.0) / (1 + e);
    });
  }
}

/// A vector's place in a row: a whole one, or the `count` elements that are left.
template <class T, bool kWhole>
struct Place {
  hn::ScalableTag<T> d;
  int64_t at, count;

  HWY_INLINE hn::Vec<hn::ScalableTag<T>> get(const T* row) const {
    if constexpr (kWhole)
      return hn::LoadU(d, row + at);
    else
      return load_n(d, row + at, count, T(0));
  }
  HWY_INLINE void put(hn::Vec<hn::ScalableTag<T>> v, T* row) const {
    if constexpr (kWhole)
      hn::StoreU(v, d, row + at);
    else
      store_n(d, v, row + at, count);
  }
};

/// f(args..., Place) for all vectors of `count` units. Cells get their row as one of `args`: a
/// lambda around them may be compiled as a function of its own, which costs half of their time.
template <class T, class F, class... Args>
HWY_INLINE void for_places(int64_t count, const F& f, const Args&... args) {
  const hn::ScalableTag<T> d;
  const int64_t step = lanes(d);
  int64_t i = 0;
  for (; i + step <= count; i += step) f(args..., Place<T, true>{d, i, step});
  if (i < count) f(args..., Place<T, false>{d, i, count - i});
}

template <class T>
bool at_work(const RnnStep<T>& s, int64_t row) {
  return !s.lengths || s.time < s.lengths[row];
}

// The pointers of one row to this block's units.
template <class T>
struct ForwardRow {
  T* gates[4];
  const T* sums[4];
  const T *n_bias, *h, *c;
  T *h_next, *c_next, *y;

  ForwardRow(const RnnForwardStep<T>& s, int64_t row) {
    const int64_t count = s.end - s.begin, state = row * s.units + s.begin;
    for (int64_t g = 0; g < 4; ++g) {
      gates[g] = s.gates + row * s.gates_ld + g * s.units + s.begin;
      sums[g] = s.sums + (row * rnn_gates(s.cell) + g) * count;
    }
    n_bias = s.n_bias ? s.n_bias + s.begin : nullptr;
    h = s.h + state;
    c = s.c ? s.c + state : nullptr;
    h_next = s.h_next + state;
    c_next = s.c_next ? s.c_next + state : nullptr;
    y = s.y ? s.y + state : nullptr;
  }
};

template <class T, class P>
HWY_INLINE void put_state(const ForwardRow<T>& r, P p, hn::Vec<hn::ScalableTag<T>> h) {
  p.put(h, r.h_next);
  if (r.y) p.put(h, r.y);
}

struct PlainForward {
  bool relu;
  template <class T, class P>
  HWY_INLINE void operator()(const ForwardRow<T>& r, P p) const {
    const auto z = hn::Add(p.get(r.gates[0]), p.get(r.sums[0]));
    const auto zero = hn::Zero(p.d);
    put_state(r, p, relu ? hn::IfThenElse(hn::Lt(z, zero), zero, z) : tanh_of(p.d, z));
  }
};

struct LstmForward {
  template <class T, class P>
  HWY_INLINE void operator()(const ForwardRow<T>& r, P p) const {
    const auto z = [&](int g) HWY_ATTR { return hn::Add(p.get(r.gates[g]), p.get(r.sums[g])); };
    const auto i = sigmoid_of(p.d, z(0)), f = sigmoid_of(p.d, z(1));
    const auto g = tanh_of(p.d, z(2)), o = sigmoid_of(p.d, z(3));
    const auto c = hn::MulAdd(f, p.get(r.c), hn::Mul(i, g));
    p.put(i, r.gates[0]);
    p.put(f, r.gates[1]);
    p.put(g, r.gates[2]);
    p.put(o, r.gates[3]);
    p.put(c, r.c_next);
    put_state(r, p, hn::Mul(o, tanh_of(p.d, c)));
  }
};

struct GruForward {
  template <class T, class P>
  HWY_INLINE void operator()(const ForwardRow<T>& r, P p) const {
    const auto reset = sigmoid_of(p.d, hn::Add(p.get(r.gates[0]), p.get(r.sums[0])));
    const auto keep = sigmoid_of(p.d, hn::Add(p.get(r.gates[1]), p.get(r.sums[1])));
    auto share = p.get(r.sums[2]);
    if (r.n_bias) share = hn::Add(share, p.get(r.n_bias));
    const auto n = tanh_of(p.d, hn::MulAdd(reset, share, p.get(r.gates[2])));
    p.put(reset, r.gates[0]);
    p.put(keep, r.gates[1]);
    p.put(n, r.gates[2]);
    p.put(share, r.gates[3]);
    put_state(r, p, hn::MulAdd(keep, hn::Sub(p.get(r.h), n), n));
  }
};

template <class T, class Cell>
void forward_rows(const RnnForwardStep<T>& s, Cell cell) {
  for (int64_t row = 0; row < s.rows; ++row) {
    const ForwardRow<T> r(s, row);
    const int64_t count = s.end - s.begin;
    if (at_work(s, row)) {
      for_places<T>(count, cell, r);
      continue;
    }
    std::copy_n(r.h, count, r.h_next);
    if (r.c) std::copy_n(r.c, count, r.c_next);
    if (r.y) std::fill_n(r.y, count, T(0));
  }
}

template <class T>
void forward_step(const RnnForwardStep<T>& s) {
  switch (s.cell) {
    case RnnCell::tanh: return forward_rows(s, PlainForward{false});
    case RnnCell::relu: return forward_rows(s, PlainForward{true});
    case RnnCell::lstm: return forward_rows(s, LstmForward{});
    case RnnCell::gru: return forward_rows(s, GruForward{});
  }
}

template <class T>
struct BackwardRow {
  const T* gates[4];
  T* dz[4];
  const T *h, *h_next, *c, *c_next, *dy;
  T *dh, *dc;
  bool carry;

  BackwardRow(const RnnBackwardStep<T>& s, int64_t row) : carry(s.carry) {
    const int64_t state = row * s.units + s.begin;
    for (int64_t g = 0; g < 4; ++g) {
      gates[g] = s.gates ? s.gates + row * s.gates_ld + g * s.units + s.begin : nullptr;
      dz[g] = s.dz + row * s.dz_ld + g * s.units + s.begin;
    }
    h = s.h + state;
    h_next = s.h_next + state;
    c = s.c ? s.c + state : nullptr;
    c_next = s.c_next ? s.c_next + state : nullptr;
    dy = s.dy ? s.dy + row * s.dy_ld + s.begin : nullptr;
    dh = s.dh + state;
    dc = s.dc ? s.dc + state : nullptr;
  }
};

template <class T, class P>
HWY_INLINE hn::Vec<hn::ScalableTag<T>> state_gradient(const BackwardRow<T>& r, P p) {
  const auto dh = p.get(r.dh);
  return r.dy ? hn::Add(dh, p.get(r.dy)) : dh;
}

/// dy y (1 - y): back through a sigmoid whose result is y.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V through_sigmoid(D d, V dy, V y) {
  return hn::Mul(dy, hn::Mul(y, hn::Sub(hn::Set(d, hn::TFromD<D>(1)), y)));
}
/// dy (1 - y^2): back through a tanh whose result is y.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V through_tanh(D d, V dy, V y) {
  return hn::Mul(dy, hn::NegMulAdd(y, y, hn::Set(d, hn::TFromD<D>(1))));
}

struct PlainBackward {
  bool relu;
  template <class T, class P>
  HWY_INLINE void operator()(const BackwardRow<T>& r, P p) const {
    const auto dh = state_gradient(r, p), h = p.get(r.h_next);
    const auto zero = hn::Zero(p.d);
    p.put(relu ? hn::IfThenElse(hn::Le(h, zero), zero, dh) : through_tanh(p.d, dh, h), r.dz[0]);
    if (r.carry) p.put(zero, r.dh);
  }
};

struct LstmBackward {
  template <class T, class P>
  HWY_INLINE void operator()(const BackwardRow<T>& r, P p) const {
    const auto dh = state_gradient(r, p);
    const auto i = p.get(r.gates[0]), f = p.get(r.gates[1]);
    const auto g = p.get(r.gates[2]), o = p.get(r.gates[3]);
    const auto squashed = tanh_of(p.d, p.get(r.c_next));
    const auto dc = hn::Add(p.get(r.dc), through_tanh(p.d, hn::Mul(dh, o), squashed));
    p.put(through_sigmoid(p.d, hn::Mul(dc, g), i), r.dz[0]);
    p.put(through_sigmoid(p.d, hn::Mul(dc, p.get(r.c)), f), r.dz[1]);
    p.put(through_tanh(p.d, hn::Mul(dc, i), g), r.dz[2]);
    p.put(through_sigmoid(p.d, hn::Mul(dh, squashed), o), r.dz[3]);
    p.put(hn::Mul(dc, f), r.dc);
    if (r.carry) p.put(hn::Zero(p.d), r.dh);
  }
};

struct GruBackward {
  template <class T, class P>
  HWY_INLINE void operator()(const BackwardRow<T>& r, P p) const {
    const auto dh = state_gradient(r, p);
    const auto reset = p.get(r.gates[0]), keep = p.get(r.gates[1]), n = p.get(r.gates[2]);
    const auto dn = through_tanh(p.d, hn::NegMulAdd(dh, keep, dh), n);
    p.put(dn, r.dz[0]);
    p.put(through_sigmoid(p.d, hn::Mul(dn, p.get(r.gates[3])), reset), r.dz[1]);
    p.put(through_sigmoid(p.d, hn::Mul(dh, hn::Sub(p.get(r.h), n)), keep), r.dz[2]);
    p.put(hn::Mul(dn, reset), r.dz[3]);
    p.put(hn::Mul(dh, keep), r.dh);
  }
};

template <class T, class Cell>
void backward_rows(const RnnBackwardStep<T>& s, int parts, Cell cell) {
  for (int64_t row = 0; row < s.rows; ++row) {
    const BackwardRow<T> r(s, row);
    const int64_t count = s.end - s.begin;
    if (at_work(s, row)) {
      for_places<T>(count, cell, r);
    } else {  // dh and dc pass by
      for (int g = 0; g < parts; ++g) std::fill_n(r.dz[g], count, T(0));
    }
  }
}

template <class T>
void backward_step(const RnnBackwardStep<T>& s) {
  switch (s.cell) {
    case RnnCell::tanh: return backward_rows(s, 1, PlainBackward{false});
    case RnnCell::relu: return backward_rows(s, 1, PlainBackward{true});
    case RnnCell::lstm: return backward_rows(s, 4, LstmBackward{});
    case RnnCell::gru: return backward_rows(s, 4, GruBackward{});
  }
}

template <class T>
void column_sums(int64_t rows, int64_t columns, const T* x, T* sums) {
  constexpr int64_t kBlock = 128, kRows = 256;  // rows between two visits to the sums
  const int64_t blocks = (columns + kBlock - 1) / kBlock;
  parallel_for(blocks, 1 + (int64_t{1} << 15) / (rows * kBlock + 1),
               [&](int64_t first, int64_t last) {
                 for (int64_t b = first; b < last; ++b) {
                   HWY_ALIGN T partial[kBlock];
                   const int64_t begin = b * kBlock, count = std::min(kBlock, columns - begin);
                   for (int64_t row = 0; row < rows; row += kRows) {
                     std::fill_n(partial, kBlock, T(0));
                     for (int64_t i = row; i < std::min(rows, row + kRows); ++i) {
                       const T* from = x + i * columns + begin;
                       for_places<T>(count, [&](auto p) HWY_ATTR {
                         p.put(hn::Add(p.get(partial), p.get(from)), partial);
                       });
                     }
                     for (int64_t j = 0; j < count; ++j) sums[begin + j] += partial[j];
                   }
                 }
               });
}

void forward_step_f32(const RnnForwardStep<float>& s) { forward_step(s); }
void forward_step_f64(const RnnForwardStep<double>& s) { forward_step(s); }
void backward_step_f32(const RnnBackwardStep<float>& s) { backward_step(s); }
void backward_step_f64(const RnnBackwardStep<double>& s) { backward_step(s); }
void column_sums_f32(int64_t rows, int64_t columns, const float* x, float* sums) {
  column_sums(rows, columns, x, sums);
}
void column_sums_f64(int64_t rows, int64_t columns, const double* x, double* sums) {
  column_sums(rows, columns, x, sums);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(forward_step_f32);
HWY_EXPORT(forward_step_f64);
HWY_EXPORT(backward_step_f32);
HWY_EXPORT(backward_step_f64);
HWY_EXPORT(column_sums_f32);
HWY_EXPORT(column_sums_f64);

namespace cpu {

template <>
void rnn_forward_step(const RnnForwardStep<float>& s) {
  HWY_DYNAMIC_DISPATCH(forward_step_f32)(s);
}
template <>
void rnn_forward_step(const RnnForwardStep<double>& s) {
  HWY_DYNAMIC_DISPATCH(forward_step_f64)(s);
}
template <>
void rnn_backward_step(const RnnBackwardStep<float>& s) {
  HWY_DYNAMIC_DISPATCH(backward_step_f32)(s);
}
template <>
void rnn_backward_step(const RnnBackwardStep<double>& s) {
  HWY_DYNAMIC_DISPATCH(backward_step_f64)(s);
}
template <>
void add_column_sums(int64_t rows, int64_t columns, const float* x, float* sums) {
  HWY_DYNAMIC_DISPATCH(column_sums_f32)(rows, columns, x, sums);
}
template <>
void add_column_sums(int64_t rows, int64_t columns, const double* x, double* sums) {
  HWY_DYNAMIC_DISPATCH(column_sums_f64)(rows, columns, x, sums);
}

}  // namespace cpu
}  // namespace strata::kernels
#endif  // HWY_ONCE
