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
template <class D>
HWY_INLINE void store(D, hn::Vec<D> v, bfloat16* to) {
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const hn::Rebind<uint16_t, D> half;
  const auto bits = hn::BitCast(du, v);
  const auto upper = hn::ShiftRight<16>(bits);
  const auto odd = hn::And(upper, hn::Set(du, 1));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fff))));
  const auto nan = hn::RebindMask(du, hn::IsNaN(v));
  const auto y = hn::IfThenElse(nan, hn::Or(upper, hn::Set(du, 0x40)), rounded);
  hn::StoreU(hn::DemoteTo(half, hn::BitCast(di, y)), half, reinterpret_cast<uint16_t*>(to));
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
