// Vectors of which only the first lanes belong to the caller: the ends of rows.
// Included once for each instruction set.
// clang-format off
#if defined(STRATA_KERNELS_CPU_PART_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_PART_INL_H_
#undef STRATA_KERNELS_CPU_PART_INL_H_
#else
#define STRATA_KERNELS_CPU_PART_INL_H_
#endif
// clang-format on

#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE::part {
namespace hn = hwy::HWY_NAMESPACE;

// Reads `count` lanes, at least one and at most all; the others are zero.
template <class D>
HWY_INLINE hn::Vec<D> load(D d, const hn::TFromD<D>* from, int64_t count) {
  constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));
  if (count >= kLanes) return hn::LoadU(d, from);
  if constexpr (HWY_TARGET <= HWY_AVX2) {
    return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, from);
  } else {  // a masked load would touch what lies behind the end
    alignas(64) hn::TFromD<D> lanes[kLanes] = {};
    for (int64_t i = 0; i < count; ++i) lanes[i] = from[i];
    return hn::Load(d, lanes);
  }
}

// Writes `count` lanes. AVX-512 has masked stores; before it they are slow (AMD) or missing, and
// halves of halves do it in at most three moves.
template <class D>
HWY_INLINE void store(D d, hn::Vec<D> v, hn::TFromD<D>* to, int64_t count) {
  constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));
  if (count >= kLanes) {
    hn::StoreU(v, d, to);
  } else if constexpr (HWY_TARGET <= HWY_AVX3) {
    hn::BlendedStore(v, hn::FirstN(d, static_cast<size_t>(count)), d, to);
  } else if constexpr (kLanes > 1) {
    const hn::Half<D> half;
    if (count >= kLanes / 2) {
      hn::StoreU(hn::LowerHalf(half, v), half, to);
      store(half, hn::UpperHalf(half, v), to + kLanes / 2, count - kLanes / 2);
    } else {
      store(half, hn::LowerHalf(half, v), to, count);
    }
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE::part
HWY_AFTER_NAMESPACE();

#endif
