// Vectors of f32 for f32 and bf16 arrays, of f64 for f64 ones: loads, stores and the few functions
// that the reductions and norms share. bf16 is computed in f32 and rounded to nearest even.

// Highway compiles this file once for each instruction set: the include guard toggles.
// clang-format off
#if defined(STRATA_KERNELS_CPU_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_LANES_INL_H_
#undef STRATA_KERNELS_CPU_LANES_INL_H_
#else
#define STRATA_KERNELS_CPU_LANES_INL_H_
#endif
// clang-format on

#include <cstdint>
#include <type_traits>

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "strata/base/half.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Calls for what a pass over memory reads a little later. Not every processor sees by itself that
/// it reads in sequence, and one that computes long for each element waits for memory otherwise.
HWY_INLINE void call_ahead(const void* from) {
  constexpr int64_t kBytes = 4096;
  __builtin_prefetch(static_cast<const char*>(from) + kBytes);
}

/// The type in which arrays of T are computed.
template <class T>
using Computed = std::conditional_t<std::is_same_v<T, double>, double, float>;

template <class T>
using Tag = hn::ScalableTag<Computed<T>>;

template <class D>
HWY_INLINE int64_t lanes(D d) {
  return static_cast<int64_t>(hn::Lanes(d));
}

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const hn::TFromD<D>* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> load(D d, const bfloat16* from) {
  const hn::RebindToUnsigned<D> du;
  const hn::Rebind<uint16_t, D> half;
  const auto bits = hn::LoadU(half, reinterpret_cast<const uint16_t*>(from));
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, bits)));
}

template <class D>
HWY_INLINE void store(D d, hn::Vec<D> v, hn::TFromD<D>* to) {
  hn::StoreU(v, d, to);
}
/// Rounds to bf16, which stands in the upper halves of the lanes; the lower ones are arbitrary.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> rounded_to_upper(D, hn::Vec<D> v) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fff)));
  const auto nan = hn::RebindMask(du, hn::IsNaN(v));
  return hn::IfThenElse(nan, hn::Or(bits, hn::Set(du, 0x400000)), rounded);
}
template <class D>
HWY_INLINE void store(D d, hn::Vec<D> v, bfloat16* to) {
  const hn::RebindToSigned<D> di;
  const hn::Rebind<uint16_t, D> half;
  const auto y = hn::ShiftRight<16>(rounded_to_upper(d, v));
  hn::StoreU(hn::DemoteTo(half, hn::BitCast(di, y)), half, reinterpret_cast<uint16_t*>(to));
}

/// Two vectors of bf16 that follow each other in memory, as their elements at even places and those
/// at odd ones: cheaper to part and to join than one half behind the other.
template <class D>
struct EvenOdd {
  hn::Vec<D> even, odd;
};
template <class D>
HWY_INLINE EvenOdd<D> load_two(D d, const bfloat16* from) {
  const hn::RebindToUnsigned<D> du;
  const hn::Repartition<uint16_t, D> halves;
  const auto bits = hn::BitCast(du, hn::LoadU(halves, reinterpret_cast<const uint16_t*>(from)));
  return {hn::BitCast(d, hn::ShiftLeft<16>(bits)),
          hn::BitCast(d, hn::And(bits, hn::Set(du, 0xffff0000)))};
}
template <class D>
HWY_INLINE hn::Vec<hn::Repartition<uint16_t, D>> joined(D d, EvenOdd<D> v) {
  const hn::Repartition<uint16_t, D> halves;
  const auto low = hn::BitCast(halves, hn::ShiftRight<16>(rounded_to_upper(d, v.even)));
  return hn::OddEven(hn::BitCast(halves, rounded_to_upper(d, v.odd)), low);
}

/// Loads, and calls ahead.
template <class D, class T>
HWY_INLINE hn::Vec<D> load_in_sequence(D d, const T* from) {
  call_ahead(from);
  return load(d, from);
}

/// The first n elements, n below the number of lanes; `fill` in the other lanes.
template <class D, class T>
HWY_INLINE hn::Vec<D> load_n(D d, const T* from, int64_t n, hn::TFromD<D> fill) {
  HWY_ALIGN hn::TFromD<D> buffer[hn::MaxLanes(d)];
  hn::Store(hn::Set(d, fill), d, buffer);
  for (int64_t i = 0; i < n; ++i) buffer[i] = from[i];
  return hn::Load(d, buffer);
}

template <class D, class T>
HWY_INLINE void store_n(D d, hn::Vec<D> v, T* to, int64_t n) {
  HWY_ALIGN hn::TFromD<D> buffer[hn::MaxLanes(d)];
  hn::Store(v, d, buffer);
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(buffer[i]);
}

/// Writes whole vectors of rows of `row` elements, past the caches where all of the result is too
/// large to be found there again. Who used one calls hwy::FlushStream() before its thread is done.
template <class T>
class Writer {
 public:
  Writer(const T* to, int64_t elements, int64_t row) {
    constexpr int64_t kStreamBytes = 16 << 20, kLine = 64, kItem = sizeof(T);
    streams_ = elements * kItem >= kStreamBytes && row * kItem % kLine == 0 &&
               reinterpret_cast<uintptr_t>(to) % kLine == 0;
  }

  template <class D>
  HWY_INLINE void operator()(D d, hn::Vec<D> v, T* to) const {
    if constexpr (std::is_same_v<T, Computed<T>>) {
      if (streams_) {
        hn::Stream(v, d, to);
        return;
      }
    }
    store(d, v, to);
  }

 private:
  bool streams_;
};

/// Calls whole(i) for each full vector in [0, n), then rest(i, count) if some elements are left.
/// Both must carry HWY_ATTR.
template <class D, class Whole, class Rest>
HWY_INLINE void for_lanes(D d, int64_t n, Whole whole, Rest rest) {
  const int64_t step = lanes(d);
  int64_t i = 0;
  for (; i + step <= n; i += step) whole(i);
  if (i < n) rest(i, n - i);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled include guard
