// Turns a functor into the loops of an elementwise kernel. A functor has
//   V operator()(D d, V x...) const      for f32 vectors,
//   double operator()(double x...) const for f64, or a template that also takes
//   int64_t operator()(int64_t x...)     where the op is defined for integers.
// One that is true or false is a Predicate, and says so by 1 and 0.

// Highway compiles this file once for each instruction set: the include guard toggles.
// clang-format off
#if defined(STRATA_KERNELS_CPU_ELEMENTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_ELEMENTWISE_INL_H_
#undef STRATA_KERNELS_CPU_ELEMENTWISE_INL_H_
#else
#define STRATA_KERNELS_CPU_ELEMENTWISE_INL_H_
#endif
// clang-format on

#include <type_traits>
#include <utility>

#include <hwy/highway.h>

#include "strata/kernels/cpu/elementwise.h"
#include "strata/kernels/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// f over as many whole steps as there are; returns how many elements that were.
template <bool kStreams, class Op, size_t... k>
HWY_INLINE int64_t whole_vectors(const Op& f, const float* const* in, float* out, int64_t n,
                                 std::index_sequence<k...>) {
  const hn::ScalableTag<float> d;
  const int64_t step = lanes(d);
  int64_t i = 0;
  for (; i + step <= n; i += step) {
    (call_ahead(in[k] + i), ...);
    const auto y = f(d, load(d, in[k] + i)...);
    if constexpr (kStreams) {
      hn::Stream(y, d, out + i);
    } else {
      store(d, y, out + i);
    }
  }
  return i;
}

template <bool kStreams, class Op, size_t... k>
HWY_INLINE int64_t whole_vectors(const Op& f, const bfloat16* const* in, bfloat16* out, int64_t n,
                                 std::index_sequence<k...>) {
  using D = hn::ScalableTag<float>;
  const D d;
  const hn::Repartition<uint16_t, D> halves;
  const int64_t step = 2 * lanes(d);
  int64_t i = 0;
  for (; i + step <= n; i += step) {
    (call_ahead(in[k] + i), ...);
    const EvenOdd<D> x[] = {load_two(d, in[k] + i)...};
    const auto y = joined(d, EvenOdd<D>{f(d, x[k].even...), f(d, x[k].odd...)});
    auto* to = reinterpret_cast<uint16_t*>(out + i);
    if constexpr (kStreams) {
      hn::Stream(y, halves, to);
    } else {
      hn::StoreU(y, halves, to);
    }
  }
  for (; i + lanes(d) <= n; i += lanes(d)) store(d, f(d, load(d, in[k] + i)...), out + i);
  return i;
}

template <class T, class Op, size_t... k>
void vector_loop(const void* op, const T* const* in, T* out, int64_t n, bool streams) {
  const hn::ScalableTag<float> d;
  const Op f = *static_cast<const Op*>(op);
  const std::index_sequence<k...> all;
  const int64_t i =
      streams ? whole_vectors<true>(f, in, out, n, all) : whole_vectors<false>(f, in, out, n, all);
  // The rest goes through full vectors too, so that an element's value does not depend on where a
  // thread's part ends.
  if (i < n) store_n(d, f(d, load_n(d, in[k] + i, n - i, 0.0f)...), out + i, n - i);
}

/// What the functors of comparisons derive from.
struct Predicate {};

template <bool kStreams, class Op, size_t... k>
HWY_INLINE int64_t whole_predicates(const Op& f, const float* const* in, uint8_t* out, int64_t n,
                                    std::index_sequence<k...>) {
  const hn::ScalableTag<float> d;
  const hn::Repartition<uint16_t, decltype(d)> halves;
  const hn::Repartition<uint8_t, decltype(d)> bytes;
  const int64_t step = lanes(d);
  const auto one = [&](int64_t i) HWY_ATTR {
    (call_ahead(in[k] + i), ...);
    return hn::BitCast(halves, f(d, load(d, in[k] + i)...));
  };
  const auto two = [&](int64_t i) HWY_ATTR {
    return hn::BitCast(bytes, hn::ConcatOdd(halves, one(i + step), one(i)));
  };
  int64_t i = 0;
  for (; i + 4 * step <= n; i += 4 * step) {
    // The highest byte of 1.0f is odd.
    const auto all = hn::ConcatOdd(bytes, two(i + 2 * step), two(i));
    const auto y = hn::And(all, hn::Set(bytes, 1));
    if constexpr (kStreams) {
      hn::Stream(y, bytes, out + i);
    } else {
      hn::StoreU(y, bytes, out + i);
    }
  }
  return i;
}

template <class Op, size_t... k>
void predicate_loop(const void* op, const float* const* in, bool* out, int64_t n, bool streams) {
  const Op f = *static_cast<const Op*>(op);
  const std::index_sequence<k...> all;
  auto* bytes = reinterpret_cast<uint8_t*>(out);
  int64_t i = streams ? whole_predicates<true>(f, in, bytes, n, all)
                      : whole_predicates<false>(f, in, bytes, n, all);
  for (; i < n; ++i) out[i] = f(in[k][i]...) != 0;
}

template <class T, class Op, size_t... k>
void scalar_loop(const void* op, const T* const* in, T* out, int64_t n, bool) {
  const Op f = *static_cast<const Op*>(op);
  for (int64_t i = 0; i < n; ++i) out[i] = f(in[k][i]...);
}

template <class Op, size_t... k>
constexpr cpu::Loops loops_of(std::index_sequence<k...>) {
  cpu::Loops loops{vector_loop<float, Op, k...>, vector_loop<bfloat16, Op, k...>,
                   scalar_loop<double, Op, k...>, nullptr};
  using Result = std::invoke_result_t<Op, decltype(int64_t{k})...>;
  if constexpr (std::is_same_v<Result, int64_t>) loops.i64 = scalar_loop<int64_t, Op, k...>;
  if constexpr (std::is_base_of_v<Predicate, Op>) loops.to_bool = predicate_loop<Op, k...>;
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
