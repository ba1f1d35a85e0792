// Turns a functor into the loops of an elementwise kernel. A functor has
//   V operator()(D d, V x...) const      for f32 vectors,
//   double operator()(double x...) const for f64, or a template that also takes
//   int64_t operator()(int64_t x...)     where the op is defined for integers.

// Highway compiles this file once for each instruction set: the include guard toggles.
// clang-format off
#if defined(STRATA_KERNELS_CPU_ELEMENTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_ELEMENTWISE_INL_H_
#undef STRATA_KERNELS_CPU_ELEMENTWISE_INL_H_
#else
#define STRATA_KERNELS_CPU_ELEMENTWISE_INL_H_
#endif
// clang-format on

#include <algorithm>
#include <type_traits>
#include <utility>

#include <hwy/highway.h>

#include "strata/kernels/cpu/elementwise.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class Op, size_t... k>
void vector_loop(const void* op, const float* const* in, float* out, int64_t n) {
  const hn::ScalableTag<float> d;
  const Op f = *static_cast<const Op*>(op);
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  // Two vectors at a time keep the pipelines full while one waits for its own last step.
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto first = f(d, hn::LoadU(d, in[k] + i)...);
    const auto second = f(d, hn::LoadU(d, in[k] + i + lanes)...);
    hn::StoreU(first, d, out + i);
    hn::StoreU(second, d, out + i + lanes);
  }
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(d, hn::LoadU(d, in[k] + i)...), d, out + i);
  if (i == n) return;
  // The rest goes through full vectors too, so that an element's value does not depend on where a
  // thread's part ends.
  HWY_ALIGN float rest[sizeof...(k)][hn::MaxLanes(d)] = {};
  HWY_ALIGN float result[hn::MaxLanes(d)];
  (std::copy(in[k] + i, in[k] + n, rest[k]), ...);
  hn::Store(f(d, hn::Load(d, rest[k])...), d, result);
  std::copy(result, result + (n - i), out + i);
}

template <class T, class Op, size_t... k>
void scalar_loop(const void* op, const T* const* in, T* out, int64_t n) {
  const Op f = *static_cast<const Op*>(op);
  for (int64_t i = 0; i < n; ++i) out[i] = f(in[k][i]...);
}

template <class Op, size_t... k>
constexpr cpu::Loops loops_of(std::index_sequence<k...>) {
  cpu::Loops loops{vector_loop<Op, k...>, scalar_loop<double, Op, k...>, nullptr};
  using Result = std::invoke_result_t<Op, decltype(int64_t{k})...>;
  if constexpr (std::is_same_v<Result, int64_t>) loops.i64 = scalar_loop<int64_t, Op, k...>;
  return loops;
}

/// y = op(x...), computed in the class of types that `compute` belongs to.
template <class Op, class... Tensors>
void elementwise(const Op& op, cpu::Cost cost, DType compute, Tensor& y, const Tensors&... x) {
  constexpr cpu::Loops kLoops = loops_of<Op>(std::make_index_sequence<sizeof...(x)>());
  cpu::elementwise(kLoops, &op, compute, {&x...}, y, cost);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled include guard
