// Packing: parts of a matrix copied into the order in which the tiles read them, as f32, and tiles
// written out. Included once per instruction set.
#if defined(STRATA_KERNELS_CPU_GEMM_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_PACK_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_PACK_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_PACK_INL_H_
#endif

#include <algorithm>
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

// Four numbers of each row, rows four apart side by side in a vector.
using Rows = hn::CappedTag<float, 16>;
using VRows = hn::Vec<Rows>;
inline constexpr int64_t kTurned = static_cast<int64_t>(hn::MaxLanes(Rows()));  // rows at a time

// Numbers [p, p + 4) of rows r, r + 4, ... of `row`.
template <class T>
HWY_INLINE VRows load_rows(const T* const* row, int64_t p) {
  if constexpr (kTurned == 16) {
    const hn::Half<Rows> half;
    return hn::Combine(Rows(), hn::Combine(half, load4(row[12] + p), load4(row[8] + p)),
                       hn::Combine(half, load4(row[4] + p), load4(row[0] + p)));
  } else if constexpr (kTurned == 8) {
    return hn::Combine(Rows(), load4(row[4] + p), load4(row[0] + p));
  } else {
    return load4(row[0] + p);
  }
}

// Rows a, b, c, d become columns, in each half.
HWY_INLINE void transpose4(VRows& a, VRows& b, VRows& c, VRows& d) {
  const Rows tag;
  const hn::Repartition<double, Rows> pairs;
  const auto ab_low = hn::BitCast(pairs, hn::InterleaveLower(tag, a, b));
  const auto cd_low = hn::BitCast(pairs, hn::InterleaveLower(tag, c, d));
  const auto ab_high = hn::BitCast(pairs, hn::InterleaveUpper(tag, a, b));
  const auto cd_high = hn::BitCast(pairs, hn::InterleaveUpper(tag, c, d));
  a = hn::BitCast(tag, hn::InterleaveLower(pairs, ab_low, cd_low));
  b = hn::BitCast(tag, hn::InterleaveUpper(pairs, ab_low, cd_low));
  c = hn::BitCast(tag, hn::InterleaveLower(pairs, ab_high, cd_high));
  d = hn::BitCast(tag, hn::InterleaveUpper(pairs, ab_high, cd_high));
}

// The first `count` lanes.
HWY_INLINE void store_first(VRows v, float* p, int64_t count) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[kTurned];
  hn::Store(v, Rows(), lanes);
  for (int64_t i = 0; i < count; ++i) p[i] = lanes[i];
#else
  hn::BlendedStore(v, hn::FirstN(Rows(), static_cast<size_t>(count)), Rows(), p);
#endif
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

// Rows of k that are packed for all tiles before the next ones are.
inline constexpr int64_t kPackDepth = 32;

// The same for a width that is no multiple of the vectors: each row is copied with what stands
// behind it, which the next row overwrites; but the last row to the lane.
template <int kWidth>
HWY_INLINE void pack_past_width(const float* HWY_RESTRICT from, int64_t k_step, int64_t k,
                                float* HWY_RESTRICT to) {
  constexpr int kCopied = (kWidth + kLanes - 1) / kLanes * kLanes;
  for (; k > 1 && k_step >= kCopied; --k, from += k_step, to += kWidth) {
    __builtin_prefetch(from + kPackDepth * k_step);
    for (int i = 0; i < kCopied; i += kLanes) {
      std::memcpy(to + i, from + i, kLanes * sizeof(float));
    }
  }
  pack_in_order<kWidth>(from, k_step, k, to);
}

// The same for that many tiles of kTileRows lanes side by side, tile by tile behind each other.
inline void pack_tiles(const float* HWY_RESTRICT from, int64_t k_step, int64_t k, int64_t tiles,
                       float* HWY_RESTRICT to) {
  constexpr int64_t kRowsAhead = 8, kLine = 16;
  const F32 d;
  const int64_t lanes = tiles * kTileRows;
  for (int64_t p = 0; p + 1 < k; ++p, from += k_step) {
    for (int64_t i = 0; i < lanes; i += kLine) __builtin_prefetch(from + kRowsAhead * k_step + i);
    float* out = to + p * kTileRows;
    for (int64_t t = 0; t < tiles; ++t, out += kTileRows * k) {
      // Past the tile's width: the next row overwrites it.
      for (int i = 0; i < kTileRows; i += kLanes) {
        hn::StoreU(hn::LoadU(d, from + t * kTileRows + i), d, out + i);
      }
    }
  }
  for (int64_t t = 0; t < tiles; ++t) {
    std::memcpy(to + (t * k + k - 1) * kTileRows, from + t * kTileRows, kTileRows * sizeof(float));
  }
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

// The same where it is k that runs through memory: kTurned rows are turned at a time.
template <bool kWhole, class T>
HWY_INLINE void pack_turned_rows(const T* from, int64_t lane_step, int64_t count, int64_t width,
                                 int64_t k, float* HWY_RESTRICT to) {
  const T* row[16];  // beyond the edge: the last row again, not stored
  for (int64_t r = 0; r < 16; ++r) row[r] = from + std::min(r, count - 1) * lane_step;
  const auto store = [&](VRows v, float* out) HWY_ATTR {
    if constexpr (kWhole) {
      hn::StoreU(v, Rows(), out);
    } else {
      store_first(v, out, count);
    }
  };
  int64_t p = 0;
  for (; p + 4 <= k; p += 4) {
    VRows a = load_rows(row, p), b = load_rows(row + 1, p);
    VRows c = load_rows(row + 2, p), d = load_rows(row + 3, p);
    transpose4(a, b, c, d);
    float* out = to + p * width;
    store(a, out);
    store(b, out + width);
    store(c, out + 2 * width);
    store(d, out + 3 * width);
  }
  for (; p < k; ++p) {
    for (int64_t r = 0; r < count; ++r) to[p * width + r] = static_cast<float>(row[r][p]);
  }
}

template <class T>
HWY_INLINE void pack_turned(const T* from, int64_t lane_step, int64_t lanes, int64_t width,
                            int64_t k, float* HWY_RESTRICT to) {
  int64_t lane = 0;
  for (; lane + kTurned <= lanes; lane += kTurned) {
    pack_turned_rows<true>(from + lane * lane_step, lane_step, kTurned, width, k, to + lane);
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
