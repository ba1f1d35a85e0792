// Packing: parts of a matrix copied into the order in which the tiles read them, as f32, and tiles
// written out. Included once per instruction set.
#if defined(STRATA_KERNELS_CPU_GEMM_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_PACK_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_PACK_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_PACK_INL_H_
#endif

#include <cstdint>
#include <cstring>
#include <type_traits>

#include <hwy/highway.h>

#include "strata/base/half.h"
#include "strata/kernels/cpu/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

using F32x4 = hn::FixedTag<float, 4>;
using V32x4 = hn::Vec<F32x4>;

HWY_INLINE V32x4 load4(const float* p) { return hn::LoadU(F32x4(), p); }
HWY_INLINE V32x4 load4(const bfloat16* p) {
  const hn::FixedTag<uint16_t, 4> d16;
  const hn::FixedTag<uint32_t, 4> d32;
  const auto bits = hn::LoadU(d16, reinterpret_cast<const uint16_t*>(p));
  return hn::BitCast(F32x4(), hn::ShiftLeft<16>(hn::PromoteTo(d32, bits)));
}
HWY_INLINE V32x4 load4(const float16* p) {
  const hn::FixedTag<hwy::float16_t, 4> d16;
  return hn::PromoteTo(F32x4(), hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(p)));
}

// Rows a, b, c, d become columns.
HWY_INLINE void transpose4(V32x4& a, V32x4& b, V32x4& c, V32x4& d) {
  const F32x4 tag;
  const V32x4 ab_low = hn::InterleaveLower(tag, a, b), ab_high = hn::InterleaveUpper(tag, a, b);
  const V32x4 cd_low = hn::InterleaveLower(tag, c, d), cd_high = hn::InterleaveUpper(tag, c, d);
  a = hn::ConcatLowerLower(tag, cd_low, ab_low);
  b = hn::ConcatUpperUpper(tag, cd_low, ab_low);
  c = hn::ConcatLowerLower(tag, cd_high, ab_high);
  d = hn::ConcatUpperUpper(tag, cd_high, ab_high);
}

// The first `count` (1 to 4) lanes.
HWY_INLINE void store_first(V32x4 v, float* p, int64_t count) {
  const hn::FixedTag<float, 2> d2;
  if (count == 4) {
    hn::StoreU(v, F32x4(), p);
  } else if (count == 2) {
    hn::StoreU(hn::LowerHalf(d2, v), d2, p);
  } else {
    HWY_ALIGN float lanes[4];
    hn::Store(v, F32x4(), lanes);
    for (int64_t i = 0; i < count; ++i) p[i] = lanes[i];
  }
}

// to[k * width + lane] = from(lane, k) for lanes that follow each other in memory.
template <int kWidth, class T>
HWY_INLINE void pack_in_order(const T* HWY_RESTRICT from, int64_t k_step, int64_t k,
                              float* HWY_RESTRICT to) {
  for (int64_t p = 0; p < k; ++p, from += k_step, to += kWidth) {
    __builtin_prefetch(from + kWidth, 0, 2);  // the next panel's part of this row
    if constexpr (std::is_same_v<T, float>) {
      std::memcpy(to, from, kWidth * sizeof(float));
    } else {
      int i = 0;
      for (; i + 4 <= kWidth; i += 4) hn::StoreU(load4(from + i), F32x4(), to + i);
      for (; i < kWidth; ++i) to[i] = static_cast<float>(from[i]);
    }
  }
}

// The same for a width that is no multiple of the vectors: each row is copied with what stands
// behind it, which the next row overwrites; but the last row to the lane.
template <int kWidth>
HWY_INLINE void pack_past_width(const float* HWY_RESTRICT from, int64_t k_step, int64_t k,
                                float* HWY_RESTRICT to) {
  constexpr int kCopied = (kWidth + kLanes - 1) / kLanes * kLanes;
  for (; k > 1 && k_step >= kCopied; --k, from += k_step, to += kWidth) {
    __builtin_prefetch(from + 2 * kWidth, 0, 2);
    for (int i = 0; i < kCopied; i += kLanes) {
      std::memcpy(to + i, from + i, kLanes * sizeof(float));
    }
  }
  pack_in_order<kWidth>(from, k_step, k, to);
}

// The same for the last lanes of a matrix, fewer than kWidth: what stands behind them in memory is
// taken along, since nobody looks at the sums it goes into; but not behind the last row.
template <int kWidth, class T>
HWY_INLINE void pack_rest_in_order(const T* from, int64_t k_step, int64_t lanes, int64_t k,
                                   float* to) {
  if (k == 0) return;
  pack_in_order<kWidth>(from, k_step, k - 1, to);
  const T* last = from + (k - 1) * k_step;
  for (int64_t i = 0; i < kWidth; ++i) {
    to[(k - 1) * kWidth + i] = i < lanes ? static_cast<float>(last[i]) : 0.0f;
  }
}

// The same where it is k that runs through memory: four rows are turned at a time.
template <bool kWhole, class T>
HWY_INLINE void pack_turned_rows(const T* from, int64_t lane_step, int64_t count, int64_t width,
                                 int64_t k, float* HWY_RESTRICT to) {
  const T* row[4];  // beyond the edge: the last row again, not stored
  for (int64_t r = 0; r < 4; ++r) row[r] = from + std::min(r, count - 1) * lane_step;
  int64_t p = 0;
  for (; p + 4 <= k; p += 4) {
    V32x4 a = load4(row[0] + p), b = load4(row[1] + p);
    V32x4 c = load4(row[2] + p), d = load4(row[3] + p);
    transpose4(a, b, c, d);
    float* out = to + p * width;
    store_first(a, out, kWhole ? 4 : count);
    store_first(b, out + width, kWhole ? 4 : count);
    store_first(c, out + 2 * width, kWhole ? 4 : count);
    store_first(d, out + 3 * width, kWhole ? 4 : count);
  }
  for (; p < k; ++p) {
    for (int64_t r = 0; r < count; ++r) to[p * width + r] = static_cast<float>(row[r][p]);
  }
}

template <class T>
HWY_INLINE void pack_turned(const T* from, int64_t lane_step, int64_t lanes, int64_t width,
                            int64_t k, float* HWY_RESTRICT to) {
  int64_t lane = 0;
  for (; lane + 4 <= lanes; lane += 4) {
    pack_turned_rows<true>(from + lane * lane_step, lane_step, 4, width, k, to + lane);
  }
  if (lane < lanes) {
    pack_turned_rows<false>(from + lane * lane_step, lane_step, lanes - lane, width, k, to + lane);
  }
}

// to[k * width + lane] = from[lane * lane_step + k * k_step] for lane < lanes, zero up to width.
// One of the two steps is 1.
template <class T>
HWY_NOINLINE void pack(const T* from, int64_t lane_step, int64_t k_step, int64_t lanes,
                       int64_t width, int64_t k, float* to) {
  if (lane_step == 1 && lanes == width && width == kTileColumns) {
    pack_in_order<kTileColumns>(from, k_step, k, to);
  } else if (lane_step == 1 && lanes == width && width == kTileRows) {
    if constexpr (std::is_same_v<T, float>) {
      pack_past_width<kTileRows>(from, k_step, k, to);
    } else {
      pack_in_order<kTileRows>(from, k_step, k, to);
    }
  } else if (lane_step == 1 && width == kTileColumns && width <= k_step + lanes) {
    pack_rest_in_order<kTileColumns>(from, k_step, lanes, k, to);
  } else if (lane_step == 1 && width == kLanes && width <= k_step + lanes) {
    pack_rest_in_order<kLanes>(from, k_step, lanes, k, to);
  } else {
    if (lanes < width && k > 0) std::memset(to, 0, static_cast<size_t>(k * width) * sizeof(float));
    if (k_step == 1) {
      pack_turned(from, lane_step, lanes, width, k, to);
    } else {
      for (int64_t p = 0; p < k; ++p) {
        for (int64_t i = 0; i < lanes; ++i) {
          to[p * width + i] = static_cast<float>(from[p * k_step + i * lane_step]);
        }
      }
    }
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
