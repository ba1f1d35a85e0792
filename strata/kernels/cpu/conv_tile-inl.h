// The register tiles of convolutions: sums of products that stay in registers while the window or
// the pixels run. Included once for each instruction set.
// clang-format off
#if defined(STRATA_KERNELS_CPU_CONV_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_CONV_TILE_INL_H_
#undef STRATA_KERNELS_CPU_CONV_TILE_INL_H_
#else
#define STRATA_KERNELS_CPU_CONV_TILE_INL_H_
#endif
// clang-format on

#include <cstdint>

#include <hwy/highway.h>

#include "strata/kernels/cpu/part-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE::conv {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using V32 = hn::Vec<F32>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(F32()));

// Vectors across a tile and rows down it, so that the sums, one row of weights and one broadcast
// value fill the registers (16, or 32 with AVX-512).
inline constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3;
inline constexpr int kMaxVectors = kManyRegisters ? 4 : 2;
constexpr int rows_for(int vectors) {
  if (kManyRegisters) return vectors == 4 ? 6 : (vectors == 3 ? 8 : 12);
  return vectors == 2 ? 6 : 8;
}

template <int kRows, int kVectors>
struct Sums {
  V32 at[kRows][kVectors];

  HWY_INLINE void zero() {
    for (auto& row : at) {
      for (auto& v : row) v = hn::Zero(F32());
    }
  }
};

// sums[i] += sum over k of rows[i][begin + k] * weights[k]: the rows are pixels, each with its own
// place in memory, the weights packed in the order in which they are read.
template <int kRows, int kVectors>
HWY_INLINE void add_run(const float* const* HWY_RESTRICT rows, int64_t begin, int64_t length,
                        const float* HWY_RESTRICT weights, Sums<kRows, kVectors>& sums) {
  const F32 d;
  const float* at[kRows];
  for (int i = 0; i < kRows; ++i) at[i] = rows[i] + begin;
  for (int64_t k = 0; k < length; ++k) {
    V32 b[kVectors];
    for (int v = 0; v < kVectors; ++v) b[v] = hn::Load(d, weights + v * kLanes);
    for (int i = 0; i < kRows; ++i) {
      const V32 a = hn::Set(d, at[i][k]);
      for (int v = 0; v < kVectors; ++v) sums.at[i][v] = hn::MulAdd(a, b[v], sums.at[i][v]);
    }
    weights += kVectors * kLanes;
  }
}

// The kChannel-th of each group for all results of its group.
template <int kGroup, int kChannel>
HWY_INLINE V32 for_group(V32 x) {
  static_assert(kGroup == 1 || kGroup == 4, "a group is a lane or a block of lanes");
  if constexpr (kGroup == 1) {
    return x;
  } else {
    return hn::Broadcast<kChannel>(x);
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE::conv
HWY_AFTER_NAMESPACE();

#endif
