#include "strata/kernels/optim.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "strata/kernels/cpu/sweep.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/optim.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "strata/kernels/cpu/lanes-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The arrays that an update walks through side by side.
template <class T>
struct Streams {
  T* param;
  const T* grad;
  T* state[3];
};

/// Calls update(streams, i) for each vector of elements; the last, shorter one goes through copies,
/// so that each element's value is made by the same instructions. `update` is a copy of the
/// caller's: so its constants stay in registers, since no store can change them.
template <class T, class Update>
void update_range(const Update update, const OptimPart& part, int64_t begin, int64_t end) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = kernels::HWY_NAMESPACE::lanes(d);
  Streams<T> at{static_cast<T*>(part.param), static_cast<const T*>(part.grad), {}};
  for (int k = 0; k < Update::kStates; ++k) {
    at.state[k] = static_cast<T*>(part.state[static_cast<size_t>(k)]);
  }
  int64_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    call_ahead(at.param + i);
    call_ahead(at.grad + i);
    for (int k = 0; k < Update::kStates; ++k) call_ahead(at.state[k] + i);
    update(at, i);
  }
  if (i == end) return;
  HWY_ALIGN T param[hn::MaxLanes(d)] = {};
  HWY_ALIGN T grad[hn::MaxLanes(d)] = {};
  HWY_ALIGN T state[3][hn::MaxLanes(d)] = {};
  const int64_t rest = end - i;
  std::copy_n(at.param + i, rest, param);
  std::copy_n(at.grad + i, rest, grad);
  for (int k = 0; k < Update::kStates; ++k) std::copy_n(at.state[k] + i, rest, state[k]);
  update(Streams<T>{param, grad, {state[0], state[1], state[2]}}, 0);
  std::copy_n(param, rest, at.param + i);
  for (int k = 0; k < Update::kStates; ++k) std::copy_n(state[k], rest, at.state[k] + i);
}

template <class T, bool momentum>
struct SgdUpdate {
  static constexpr int kStates = momentum ? 1 : 0;
  T lr, mu, fresh, decay;
  bool nesterov, maximize, first;

  void operator()(const Streams<T>& at, int64_t i) const {
    const hn::ScalableTag<T> d;
    const auto p = hn::LoadU(d, at.param + i);
    auto g = hn::LoadU(d, at.grad + i);
    if (maximize) g = hn::Neg(g);
    if (decay != 0) g = hn::MulAdd(hn::Set(d, decay), p, g);
    if constexpr (momentum) {
      auto b = g;
      if (!first) {
        b = hn::Mul(hn::Set(d, mu), hn::LoadU(d, at.state[0] + i));
        b = hn::MulAdd(hn::Set(d, fresh), g, b);
      }
      hn::StoreU(b, d, at.state[0] + i);
      g = nesterov ? hn::MulAdd(hn::Set(d, mu), b, g) : b;
    }
    hn::StoreU(hn::NegMulAdd(hn::Set(d, lr), g, p), d, at.param + i);
  }
};

template <class T, bool amsgrad>
struct AdamUpdate {
  static constexpr int kStates = amsgrad ? 3 : 2;
  T step_size, root_scale;  ///< lr and sqrt(v) after bias correction
  T beta2, fresh1, fresh2, eps, decay, shrink;
  bool maximize;

  void operator()(const Streams<T>& at, int64_t i) const {
    const hn::ScalableTag<T> d;
    auto p = hn::LoadU(d, at.param + i);
    auto g = hn::LoadU(d, at.grad + i);
    auto m = hn::LoadU(d, at.state[0] + i);
    auto v = hn::LoadU(d, at.state[1] + i);
    if (maximize) g = hn::Neg(g);
    if (decay != 0) g = hn::MulAdd(hn::Set(d, decay), p, g);
    if (shrink != 1) p = hn::Mul(hn::Set(d, shrink), p);
    // As torch.lerp: from the nearer end, so that beta1 = 0 gives g itself.
    if (fresh1 < T{0.5}) {
      m = hn::MulAdd(hn::Set(d, fresh1), hn::Sub(g, m), m);
    } else {
      m = hn::NegMulAdd(hn::Set(d, 1 - fresh1), hn::Sub(g, m), g);
    }
    v = hn::MulAdd(hn::Mul(hn::Set(d, fresh2), g), g, hn::Mul(hn::Set(d, beta2), v));
    hn::StoreU(m, d, at.state[0] + i);
    hn::StoreU(v, d, at.state[1] + i);
    if constexpr (amsgrad) {
      const auto top = hn::LoadU(d, at.state[2] + i);
      v = hn::IfThenElse(hn::Gt(top, v), top, v);  // a NaN in v stays, there and here
      hn::StoreU(v, d, at.state[2] + i);
    }
    const auto root = hn::MulAdd(hn::Sqrt(v), hn::Set(d, root_scale), hn::Set(d, eps));
    hn::StoreU(hn::NegMulAdd(hn::Set(d, step_size), hn::Div(m, root), p), d, at.param + i);
  }
};

template <class T, bool momentum>
void sgd_chunk(const SgdRule& r, const OptimPart& part, int64_t begin, int64_t end) {
  const auto t = [](double x) { return static_cast<T>(x); };
  const SgdUpdate<T, momentum> update{t(r.lr),           t(r.momentum), t(1 - r.dampening),
                                      t(r.weight_decay), r.nesterov,    r.maximize,
                                      part.step == 1};
  update_range<T>(update, part, begin, end);
}

void sgd(DType dtype, const SgdRule& rule, const OptimPart& part, int64_t begin, int64_t end) {
  const bool wide = dtype == DType::f64;
  if (rule.momentum != 0) {
    (wide ? sgd_chunk<double, true> : sgd_chunk<float, true>)(rule, part, begin, end);
  } else {
    (wide ? sgd_chunk<double, false> : sgd_chunk<float, false>)(rule, part, begin, end);
  }
}

template <class T, bool amsgrad>
void adam_chunk(const AdamRule& r, const OptimPart& part, int64_t begin, int64_t end) {
  const auto steps = static_cast<double>(part.step);
  const double step_size = r.lr / (1 - std::pow(r.beta1, steps));
  const double root_scale = 1 / std::sqrt(1 - std::pow(r.beta2, steps));
  const auto t = [](double x) { return static_cast<T>(x); };
  const AdamUpdate<T, amsgrad> update{
      t(step_size),
      t(root_scale),
      t(r.beta2),
      t(1 - r.beta1),
      t(1 - r.beta2),
      t(r.eps),
      t(r.decoupled ? 0 : r.weight_decay),
      t(r.decoupled ? 1 - r.lr * r.weight_decay : 1),
      r.maximize,
  };
  update_range<T>(update, part, begin, end);
}

void adam(DType dtype, const AdamRule& rule, const OptimPart& part, int64_t begin, int64_t end) {
  const bool wide = dtype == DType::f64;
  if (rule.amsgrad) {
    (wide ? adam_chunk<double, true> : adam_chunk<float, true>)(rule, part, begin, end);
  } else {
    (wide ? adam_chunk<double, false> : adam_chunk<float, false>)(rule, part, begin, end);
  }
}

template <class T>
struct AverageUpdate {
  static constexpr int kStates = 0;
  T decay;

  void operator()(const Streams<T>& at, int64_t i) const {
    const hn::ScalableTag<T> d;
    const auto average = hn::LoadU(d, at.param + i);
    const auto value = hn::LoadU(d, at.grad + i);
    const auto next = hn::MulAdd(hn::Set(d, decay), hn::Sub(average, value), value);
    hn::StoreU(next, d, at.param + i);
  }
};

void average(DType dtype, double decay, const OptimPart& part, int64_t begin, int64_t end) {
  if (dtype == DType::f64) {
    update_range<double>(AverageUpdate<double>{decay}, part, begin, end);
  } else {
    update_range<float>(AverageUpdate<float>{static_cast<float>(decay)}, part, begin, end);
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(sgd);
HWY_EXPORT(adam);
HWY_EXPORT(average);

void sgd(Cpu, DType dtype, const SgdRule& rule, std::span<const OptimPart> parts) {
  for_sweep_chunks(parts, [&](const SweepChunk& c) {
    HWY_DYNAMIC_DISPATCH(sgd)(dtype, rule, parts[c.part], c.begin, c.end);
  });
}

void adam(Cpu, DType dtype, const AdamRule& rule, std::span<const OptimPart> parts) {
  for_sweep_chunks(parts, [&](const SweepChunk& c) {
    HWY_DYNAMIC_DISPATCH(adam)(dtype, rule, parts[c.part], c.begin, c.end);
  });
}

void average(Cpu, DType dtype, double decay, std::span<const OptimPart> parts) {
  for_sweep_chunks(parts, [&](const SweepChunk& c) {
    HWY_DYNAMIC_DISPATCH(average)(dtype, decay, parts[c.part], c.begin, c.end);
  });
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
