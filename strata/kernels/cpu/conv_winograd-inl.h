// Winograd's transforms for tiles of 4 x 4 results and windows of 3 x 3, on vectors of channels.
// Included once for each instruction set.
// clang-format off
#if defined(STRATA_KERNELS_CPU_CONV_WINOGRAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_CONV_WINOGRAD_INL_H_
#undef STRATA_KERNELS_CPU_CONV_WINOGRAD_INL_H_
#else
#define STRATA_KERNELS_CPU_CONV_WINOGRAD_INL_H_
#endif
// clang-format on

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

#include "strata/kernels/cpu/conv_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE::conv {

inline constexpr int64_t kTileOut = 4, kTileIn = 6, kFrequencies = kTileIn * kTileIn;

// The points are 0, kA, -kA, kB, -kB and infinity. All constants of the images' transforms are
// exact in f32.
inline constexpr float kA = 0.75f, kB = 1.5f;
inline constexpr float kA2 = kA * kA, kB2 = kB * kB, kA3 = kA2 * kA, kB3 = kB2 * kB;
// The reciprocals of the products of a point's distances from the other ones.
inline constexpr float kWeight0 = 1 / (kA2 * kB2);
inline constexpr float kWeightA = 1 / (2 * kA2 * (kA2 - kB2));
inline constexpr float kWeightB = 1 / (2 * kB2 * (kB2 - kA2));

// Each of these transforms one row or column, to[i] and from[k] steps of `to_step` and `from_step`
// vectors apart.

// Six pixels of the image to six frequencies.
HWY_INLINE void image_transform(const V32* from, int64_t from_step, V32* to, int64_t to_step) {
  const F32 d;
  const V32 a = hn::Set(d, kA), a2 = hn::Set(d, kA2), b = hn::Set(d, kB), b2 = hn::Set(d, kB2);
  const V32 sum = hn::Set(d, kA2 + kB2), product = hn::Set(d, kA2 * kB2);
  const V32 x1 = from[from_step], x2 = from[2 * from_step], x3 = from[3 * from_step];
  const V32 x4 = from[4 * from_step];
  const V32 even_a = hn::NegMulAdd(b2, x2, x4), odd_a = hn::Mul(a, hn::NegMulAdd(b2, x1, x3));
  const V32 even_b = hn::NegMulAdd(a2, x2, x4), odd_b = hn::Mul(b, hn::NegMulAdd(a2, x1, x3));
  to[0] = hn::MulAdd(product, from[0], hn::NegMulAdd(sum, x2, x4));
  to[to_step] = hn::Add(even_a, odd_a);
  to[2 * to_step] = hn::Sub(even_a, odd_a);
  to[3 * to_step] = hn::Add(even_b, odd_b);
  to[4 * to_step] = hn::Sub(even_b, odd_b);
  to[5 * to_step] = hn::MulAdd(product, x1, hn::NegMulAdd(sum, x3, from[5 * from_step]));
}

// Six frequencies to four results.
HWY_INLINE void result_transform(const V32* from, int64_t from_step, V32* to, int64_t to_step) {
  const F32 d;
  const V32 m1 = from[from_step], m2 = from[2 * from_step];
  const V32 m3 = from[3 * from_step], m4 = from[4 * from_step];
  const V32 even_a = hn::Add(m1, m2), odd_a = hn::Sub(m1, m2);
  const V32 even_b = hn::Add(m3, m4), odd_b = hn::Sub(m3, m4);
  to[0] = hn::Add(from[0], hn::Add(even_a, even_b));
  to[to_step] = hn::MulAdd(hn::Set(d, kA), odd_a, hn::Mul(hn::Set(d, kB), odd_b));
  to[2 * to_step] = hn::MulAdd(hn::Set(d, kA2), even_a, hn::Mul(hn::Set(d, kB2), even_b));
  to[3 * to_step] =
      hn::MulAdd(hn::Set(d, kA3), odd_a, hn::MulAdd(hn::Set(d, kB3), odd_b, from[5 * from_step]));
}

// Three weights to six frequencies.
HWY_INLINE void weight_transform(const V32* from, int64_t from_step, V32* to, int64_t to_step) {
  const F32 d;
  const V32 g0 = from[0], g1 = from[from_step], g2 = from[2 * from_step];
  const V32 even_a = hn::Mul(hn::Set(d, kWeightA), hn::MulAdd(hn::Set(d, kA2), g2, g0));
  const V32 even_b = hn::Mul(hn::Set(d, kWeightB), hn::MulAdd(hn::Set(d, kB2), g2, g0));
  const V32 odd_a = hn::Mul(hn::Set(d, kA * kWeightA), g1);
  const V32 odd_b = hn::Mul(hn::Set(d, kB * kWeightB), g1);
  to[0] = hn::Mul(hn::Set(d, kWeight0), g0);
  to[to_step] = hn::Add(even_a, odd_a);
  to[2 * to_step] = hn::Sub(even_a, odd_a);
  to[3 * to_step] = hn::Add(even_b, odd_b);
  to[4 * to_step] = hn::Sub(even_b, odd_b);
  to[5 * to_step] = g2;
}

// Four gradients of results to six frequencies: the transpose of result_transform.
HWY_INLINE void gradient_transform(const V32* from, int64_t from_step, V32* to, int64_t to_step) {
  const F32 d;
  const V32 g0 = from[0], g1 = from[from_step], g2 = from[2 * from_step], g3 = from[3 * from_step];
  const V32 even_a = hn::MulAdd(hn::Set(d, kA2), g2, g0);
  const V32 even_b = hn::MulAdd(hn::Set(d, kB2), g2, g0);
  const V32 odd_a = hn::MulAdd(hn::Set(d, kA3), g3, hn::Mul(hn::Set(d, kA), g1));
  const V32 odd_b = hn::MulAdd(hn::Set(d, kB3), g3, hn::Mul(hn::Set(d, kB), g1));
  to[0] = g0;
  to[to_step] = hn::Add(even_a, odd_a);
  to[2 * to_step] = hn::Sub(even_a, odd_a);
  to[3 * to_step] = hn::Add(even_b, odd_b);
  to[4 * to_step] = hn::Sub(even_b, odd_b);
  to[5 * to_step] = g3;
}

// Six frequencies to three gradients of weights: the transpose of weight_transform.
HWY_INLINE void weight_gradient_transform(const V32* from, int64_t from_step, V32* to,
                                          int64_t to_step) {
  const F32 d;
  const V32 m1 = from[from_step], m2 = from[2 * from_step];
  const V32 m3 = from[3 * from_step], m4 = from[4 * from_step];
  const V32 even_a = hn::Mul(hn::Set(d, kWeightA), hn::Add(m1, m2));
  const V32 even_b = hn::Mul(hn::Set(d, kWeightB), hn::Add(m3, m4));
  to[0] = hn::MulAdd(hn::Set(d, kWeight0), from[0], hn::Add(even_a, even_b));
  to[to_step] = hn::MulAdd(hn::Set(d, kA * kWeightA), hn::Sub(m1, m2),
                           hn::Mul(hn::Set(d, kB * kWeightB), hn::Sub(m3, m4)));
  to[2 * to_step] =
      hn::MulAdd(hn::Set(d, kA2), even_a, hn::MulAdd(hn::Set(d, kB2), even_b, from[5 * from_step]));
}

// The tiles of all images, in rows.
struct TileGrid {
  int64_t images, rows, columns;

  TileGrid(int64_t n, int64_t h, int64_t w)
      : images(n), rows((h + kTileOut - 1) / kTileOut), columns((w + kTileOut - 1) / kTileOut) {}
  int64_t size() const { return images * rows * columns; }
  int64_t image(int64_t tile) const { return tile / (rows * columns); }
  int64_t row(int64_t tile) const { return tile / columns % rows * kTileOut; }
  int64_t column(int64_t tile) const { return tile % columns * kTileOut; }
};

// Images that are cut into squares of pixels.
struct Images {
  float* data;
  int64_t h, w, channels;

  // Where the pixels of a square begin; `outside` for those beyond the image.
  template <int64_t kSize>
  void square(int64_t image, int64_t row, int64_t column, const float* outside,
              const float** at) const {
    for (int64_t i = 0; i < kSize; ++i) {
      for (int64_t j = 0; j < kSize; ++j) {
        const bool inside = static_cast<uint64_t>(row + i) < static_cast<uint64_t>(h) &&
                            static_cast<uint64_t>(column + j) < static_cast<uint64_t>(w);
        at[i * kSize + j] =
            inside ? data + ((image * h + row + i) * w + column + j) * channels : outside;
      }
    }
  }
};

// One vector of channels of a square of pixels: to 36 frequencies, `step` elements apart.
template <int64_t kSize, bool kPart>
HWY_NOINLINE void transform_square(const float* const* at, int64_t c, int64_t count,
                                   float* HWY_RESTRICT to, int64_t step) {
  const F32 d;
  V32 pixels[kSize * kSize], half[kTileIn * kSize], all[kTileIn];
  for (int64_t k = 0; k < kSize * kSize; ++k) {
    pixels[k] = kPart ? part::load(d, at[k] + c, count) : hn::LoadU(d, at[k] + c);
  }
  for (int64_t j = 0; j < kSize; ++j) {
    if constexpr (kSize == kTileIn) {
      image_transform(pixels + j, kSize, half + j, kSize);
    } else {
      gradient_transform(pixels + j, kSize, half + j, kSize);
    }
  }
  for (int64_t i = 0; i < kTileIn; ++i) {
    if constexpr (kSize == kTileIn) {
      image_transform(half + i * kSize, 1, all, 1);
    } else {
      gradient_transform(half + i * kSize, 1, all, 1);
    }
    for (int64_t j = 0; j < kTileIn; ++j) {
      hn::Store(all[j], d, to + (i * kTileIn + j) * step);
    }
  }
}

constexpr int64_t whole_vectors(int64_t channels) { return (channels + kLanes - 1) / kLanes; }

}  // namespace strata::kernels::HWY_NAMESPACE::conv
HWY_AFTER_NAMESPACE();

#endif
