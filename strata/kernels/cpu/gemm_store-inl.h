// From a tile of finished sums to C: scale, add the old C and the bias, apply the activation,
// store. Included once per instruction set.
#if defined(STRATA_KERNELS_CPU_GEMM_STORE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_STORE_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_STORE_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_STORE_INL_H_
#endif

#include <cstdint>
#include <type_traits>

#include <hwy/highway.h>

#include "strata/kernels/activation.h"
#include "strata/kernels/cpu/gemm_pack-inl.h"
#include "strata/kernels/cpu/lanes-inl.h"
#include "strata/kernels/cpu/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// Where a tile goes and what happens to it: v = activation(alpha * sum + beta * addend + bias).
template <class T>
struct TileOutput {
  T* c;
  const T* addend;  // rows as far apart as those of C
  int64_t ld;
  const float* bias;  // per column of C, or null
  float alpha, beta;
  Activation activation;
};

// x[i] = f(d, x[i]), in whole vectors: the sums' buffers are that long.
template <class F>
HWY_INLINE void map_vectors(float* x, int64_t n, F f) {
  const F32 d;
  for (int64_t i = 0; i < n; i += kLanes) hn::Store(f(d, hn::Load(d, x + i)), d, x + i);
}

inline void activate(Activation activation, float* x, int64_t n) {
  switch (activation) {
    case Activation::none: break;
    case Activation::relu:
      map_vectors(x, n, [](F32 d, V32 v) HWY_ATTR { return relu(d, v); });
      break;
    case Activation::gelu_tanh:
      map_vectors(x, n, [](F32 d, V32 v) HWY_ATTR { return simd::gelu_tanh(d, v); });
      break;
    case Activation::gelu_erf:
      map_vectors(x, n, [](F32 d, V32 v) HWY_ATTR { return simd::gelu(d, v); });
      break;
    case Activation::sigmoid:
      map_vectors(x, n, [](F32 d, V32 v) HWY_ATTR { return simd::sigmoid(d, v); });
      break;
    case Activation::tanh:
      map_vectors(x, n, [](F32 d, V32 v) HWY_ATTR { return simd::tanh(d, v); });
      break;
    case Activation::silu:
      map_vectors(x, n, [](F32 d, V32 v) HWY_ATTR { return simd::silu(d, v); });
      break;
  }
}

// The finished vector of `count` results whose first is `column`; count is kLanes but at the edge.
template <bool kWhole, class T>
HWY_INLINE V32 finish(const float* sum, const TileOutput<T>& out, const T* addend, int64_t column,
                      int64_t count) {
  const F32 d;
  const auto read = [&](const auto* p)
                        HWY_ATTR { return kWhole ? load(d, p) : load_first(d, p, count); };
  V32 v = hn::Mul(hn::LoadU(d, sum), hn::Set(d, out.alpha));
  if (out.beta != 0) v = hn::MulAdd(hn::Set(d, out.beta), read(addend), v);
  if (out.bias) v = hn::Add(v, read(out.bias + column));
  return out.activation == Activation::relu ? relu(d, v) : v;
}

// One result of any type as f32, where vectors do not reach or C is f16.
template <class T>
HWY_INLINE float finish_one(float sum, const TileOutput<T>& out, const T* addend, int64_t column) {
  float v = sum * out.alpha;
  if (out.beta != 0) v += out.beta * static_cast<float>(*addend);
  if (out.bias) v += out.bias[column];
  return out.activation == Activation::relu && v < 0 ? 0.0f : v;
}

// A block of `rows` x `columns` sums in rows of `stride` goes to the same place of C. The sums are
// 64-byte aligned, padded to whole vectors, and not preserved.
template <class T>
HWY_NOINLINE void store_block(float* sums, int64_t stride, int64_t rows, int64_t columns,
                              const TileOutput<T>& out) {
  if (out.activation > Activation::relu) {
    TileOutput<T> before = out;
    before.activation = Activation::none;
    for (int64_t i = 0; i < rows; ++i) {
      float* row = sums + i * stride;
      const T* addend = out.addend + i * out.ld;
      int64_t j = 0;
      if constexpr (!std::is_same_v<T, float16>) {
        for (; j + kLanes <= columns; j += kLanes) {
          hn::StoreU(finish<true>(row + j, before, addend + j, j, kLanes), F32(), row + j);
        }
      }
      for (; j < columns; ++j) row[j] = finish_one(row[j], before, addend + j, j);
    }
    activate(out.activation, sums, rows * stride);
    return store_block<T>(sums, stride, rows, columns,
                          {out.c, out.addend, out.ld, nullptr, 1, 0, Activation::none});
  }
  for (int64_t i = 0; i < rows; ++i, sums += stride) {
    T* c = out.c + i * out.ld;
    const T* addend = out.addend + i * out.ld;
    int64_t j = 0;
    if constexpr (!std::is_same_v<T, float16>) {
      for (; j + kLanes <= columns; j += kLanes) {
        store(F32(), finish<true>(sums + j, out, addend + j, j, kLanes), c + j);
      }
    }
    if constexpr (std::is_same_v<T, float>) {
      if (j < columns) {
        store_lanes(finish<false>(sums + j, out, addend + j, j, columns - j), c + j, columns - j);
      }
    } else {
      for (; j < columns; ++j) c[j] = static_cast<T>(finish_one(sums[j], out, addend + j, j));
    }
  }
}

// Rows of a block that is stored transposed, at most: whole tiles and whole vectors.
inline constexpr int64_t kTurnedRows = 48;

// The same for the transposed block, of up to kTurnedRows x kTileColumns: C gets `columns` rows of
// `rows`.
template <class T>
HWY_NOINLINE void store_block_turned(const float* sums, int64_t stride, int64_t rows,
                                     int64_t columns, const TileOutput<T>& out) {
  HWY_ALIGN float turned[kTileColumns * kTurnedRows];
  const int64_t width = (rows + kLanes - 1) / kLanes * kLanes;
  pack_turned(sums, stride, rows, width, columns, turned);
  store_block(turned, width, columns, rows, out);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
