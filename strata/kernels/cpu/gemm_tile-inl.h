// The innermost loops of a matrix product: sums of products that stay in registers while k runs.
// Included once per instruction set.
#if defined(STRATA_KERNELS_CPU_GEMM_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_TILE_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_TILE_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_TILE_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "strata/base/half.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using V32 = hn::Vec<F32>;

// A tile is two vectors wide and as high as the registers allow: 12 sums of 16 registers, 24 of
// AVX-512's 32. Twelve independent sums also cover the latency of two multiply-adds a cycle.
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(F32()));
inline constexpr int kTileRows = HWY_TARGET <= HWY_AVX3 ? 12 : 6;
inline constexpr int kTileVectors = 2;
inline constexpr int kTileColumns = kTileVectors * kLanes;
// A tile of a short sum, where the registers have room for it: twice as wide and half as high, so
// that it reads fewer numbers of the left side one at a time and stores longer runs. It calls for
// nothing ahead.
inline constexpr int kFlatVectors = 2 * kTileVectors, kFlatRows = kTileRows / 2;
inline constexpr int kFlatColumns = kFlatVectors * kLanes;
inline constexpr int kTileSize = kTileRows * kTileColumns;
inline constexpr int kLineFloats = 16;  // of a line of the caches

// Where a tile's sums go, and what is done to them on the way.
struct TileTarget {
  float* c;
  int64_t ld;
  const float* addend;  // added to the sums, rows as far apart as those of C; or null
  const float* bias;    // one for each column, or null
  bool relu;
  float* copy = nullptr;  // where the right side goes, packed, if the tile makes a copy of it
  int64_t tail = 0;       // lanes of the last vector that belong to C, if not all
};

// Memory that a tile brings to the second cache while it computes: with each step of k the line
// `step` floats further, in runs of `length` steps that begin `run_step` apart.
struct Ahead {
  const float* data;
  int64_t step = 0, length = int64_t{1} << 60, run_step = 0;
};

template <class D>
HWY_INLINE hn::Vec<D> relu(D d, hn::Vec<D> v) {
  return hn::IfThenZeroElse(hn::Lt(v, hn::Zero(d)), v);  // a NaN stays one
}

// Lanes [0, count) of what is at p, zeros behind; nothing beyond them is read.
template <class T>
HWY_INLINE V32 load_first(F32 d, const T* p, int64_t count) {
#if !HWY_MEM_OPS_MIGHT_FAULT
  if constexpr (std::is_same_v<T, float>) {
    return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, p);
  }
#endif
  HWY_ALIGN float lanes[kLanes] = {};
  for (int64_t i = 0; i < count; ++i) lanes[i] = static_cast<float>(p[i]);
  return hn::Load(d, lanes);
}

// The first `count` lanes to p.
HWY_INLINE void store_lanes(V32 v, float* p, int64_t count) {
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, F32(), lanes);
  const float* from = lanes;
  const auto store = [&](auto some) HWY_ATTR {
    constexpr int kSome = decltype(some)::value;
    if (!(count & kSome)) return;
    std::memcpy(p, from, kSome * sizeof(float));
    from += kSome;
    p += kSome;
  };
  if constexpr (kLanes > 8) store(std::integral_constant<int, 8>());
  if constexpr (kLanes > 4) store(std::integral_constant<int, 4>());
  store(std::integral_constant<int, 2>());
  store(std::integral_constant<int, 1>());
}

// The sums of a tile to a part of C that ends within its last vector.
inline HWY_NOINLINE void store_edge(const float* HWY_RESTRICT sums, int rows, int vectors,
                                    const TileTarget& to) {
  const F32 d;
  const int64_t last = (vectors - 1) * kLanes;
  for (int i = 0; i < rows; ++i, sums += last + kLanes) {
    float* c = to.c + i * to.ld;
    const float* addend = to.addend ? to.addend + i * to.ld : nullptr;
    for (int64_t j = 0; j <= last; j += kLanes) {
      const bool whole = j < last;
      const auto load = [&](const float* p) HWY_ATTR {
        return whole ? hn::LoadU(d, p) : load_first(d, p, to.tail);
      };
      V32 v = hn::Load(d, sums + j);
      if (addend) v = hn::Add(v, load(addend + j));
      if (to.bias) v = hn::Add(v, load(to.bias + j));
      if (to.relu) v = relu(d, v);
      if (whole) {
        hn::StoreU(v, d, c + j);
      } else {
        store_lanes(v, c + j, to.tail);
      }
    }
  }
}

template <int kRows, int kVectors>
HWY_INLINE void store_edge_of(const V32 (&acc)[kRows][kVectors], const TileTarget& to) {
  HWY_ALIGN float sums[kRows * kVectors * kLanes];
  HWY_UNROLL(24)
  for (int i = 0; i < kRows; ++i) {
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) {
      hn::Store(acc[i][v], F32(), sums + (i * kVectors + v) * kLanes);
    }
  }
  store_edge(sums, kRows, kVectors, to);
}

// Pointers to a tile's rows, `step` apart: one for every fourth row, from which the next ones are
// reached by adding up to three steps. One for each row would not stay in the registers.
template <int kRows, class T>
class TileRows {
 public:
  HWY_INLINE TileRows(T* first, int64_t step) : step_(step) {
    for (int b = 0; b < kFourths; ++b) fourth_[b] = first + 4 * b * step;
  }
  HWY_INLINE T* operator[](int i) const { return fourth_[i / 4] + i % 4 * step_; }
  // To the next column.
  HWY_INLINE void advance() {
    for (T*& row : fourth_) ++row;
  }

 private:
  static constexpr int kFourths = (kRows + 3) / 4;
  T* fourth_[kFourths];
  int64_t step_;
};

// The sums of a tile to C; with kTail only `to.tail` lanes of the last vector.
template <bool kTail, int kRows, int kVectors>
HWY_INLINE void store_tile(V32 (&acc)[kRows][kVectors], const TileRows<kRows, float>& c,
                           const TileTarget& to) {
  const F32 d;
  const auto mask = hn::FirstN(d, static_cast<size_t>(to.tail));
  const auto load = [&](const float* p, int v) HWY_ATTR {
    return kTail && v + 1 == kVectors ? hn::MaskedLoad(mask, d, p + v * kLanes)
                                      : hn::LoadU(d, p + v * kLanes);
  };
  if (to.addend) {
    const TileRows<kRows, const float> addend(to.addend, to.ld);
    HWY_UNROLL(24)
    for (int i = 0; i < kRows; ++i) {
      HWY_UNROLL(16)
      for (int v = 0; v < kVectors; ++v) acc[i][v] = hn::Add(acc[i][v], load(addend[i], v));
    }
  }
  if (to.bias) {
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) {
      const V32 bias = load(to.bias, v);
      HWY_UNROLL(24)
      for (int i = 0; i < kRows; ++i) acc[i][v] = hn::Add(acc[i][v], bias);
    }
  }
  if (to.relu) {
    HWY_UNROLL(24)
    for (int i = 0; i < kRows; ++i) {
      HWY_UNROLL(16)
      for (int v = 0; v < kVectors; ++v) acc[i][v] = relu(d, acc[i][v]);
    }
  }
  HWY_UNROLL(24)
  for (int i = 0; i < kRows; ++i) {
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) {
      float* p = c[i] + v * kLanes;
      if (kTail && v + 1 == kVectors) {
        hn::BlendedStore(acc[i][v], mask, d, p);
      } else {
        hn::StoreU(acc[i][v], d, p);
      }
    }
  }
}

// C(i, j) = sum over k of left(i, k) * right(k, j). The left side is read one number at a time:
// (i, k) lies at left[i * left_step + k] if kLeftRows, else at left[k * left_step + i]. The right
// side is read in vectors: row k lies at right + k * right_step.
template <int kRows, int kVectors, bool kLeftRows, bool kCopyRight = false>
HWY_NOINLINE void tile_product(int64_t k, const float* HWY_RESTRICT left, int64_t left_step,
                               const float* HWY_RESTRICT right, int64_t right_step,
                               const TileTarget& to, const Ahead& ahead) {
  const F32 d;
  V32 acc[kRows][kVectors];
  [[maybe_unused]] float* HWY_RESTRICT copy = to.copy;
  HWY_UNROLL(24)
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) acc[i][v] = hn::Zero(d);
  }
  // In a loop that stays one: the addresses of all rows would be kept until they are stored to.
  constexpr int64_t kLong = 64;  // shorter sums are done before the lines have come
  const float* line = to.c;
  HWY_UNROLL(1)
  for (int i = k < kLong || kVectors == kFlatVectors ? kRows : 0; i < kRows; ++i, line += to.ld) {
    for (int j = 0; j < kVectors * kLanes; j += kLineFloats) hwy::Prefetch(line + j);
  }
  TileRows<kRows, const float> rows(left, left_step);
  const auto multiply = [&]() HWY_ATTR {
    V32 b[kVectors];
    for (int v = 0; v < kVectors; ++v) b[v] = hn::LoadU(d, right + v * kLanes);
    if constexpr (kCopyRight) {
      for (int v = 0; v < kVectors; ++v) hn::Store(b[v], d, copy + v * kLanes);
      copy += kVectors * kLanes;
    }
    HWY_UNROLL(24)
    for (int i = 0; i < kRows; ++i) {
      const V32 a = hn::Set(d, kLeftRows ? *rows[i] : left[i]);
      for (int v = 0; v < kVectors; ++v) acc[i][v] = hn::MulAdd(a, b[v], acc[i][v]);
    }
    if constexpr (kLeftRows) {
      rows.advance();
    } else {
      left += left_step;
    }
    right += right_step;
  };
  if constexpr (kVectors == kFlatVectors) {
    HWY_UNROLL(2)
    for (int64_t p = 0; p < k; ++p) multiply();
  } else {
    const float* run = ahead.data;
    for (int64_t p = 0; p < k; run += ahead.run_step) {
      const float* fetch = run;
      const int64_t end = std::min(k, p + ahead.length);
      HWY_UNROLL(2)
      for (; p < end; ++p) {
        __builtin_prefetch(fetch, 0, 2);
        if constexpr (kCopyRight && kTileColumns > kLineFloats) {
          __builtin_prefetch(fetch + kLineFloats, 0, 2);
        }
        fetch += ahead.step;
        multiply();
      }
    }
  }
  const TileRows<kRows, float> c(to.c, to.ld);
  if (to.tail == 0) return store_tile<false>(acc, c, to);
#if HWY_TARGET <= HWY_AVX3
  store_tile<true>(acc, c, to);
#else
  store_edge_of(acc, to);
#endif
}

using TileFunction = void (*)(int64_t k, const float* left, int64_t left_step, const float* right,
                              int64_t right_step, const TileTarget& to, const Ahead& ahead);

template <int kVectors, bool kLeftRows, int... kRowsLess1>
constexpr auto tile_table(std::integer_sequence<int, kRowsLess1...>) {
  return std::array<TileFunction, sizeof...(kRowsLess1)>{
      &tile_product<kRowsLess1 + 1, kVectors, kLeftRows>...};
}

// A tile of one vector may be twice as high.
inline constexpr int kNarrowRows = 2 * kTileRows;

// The function for a tile of that many rows (1 to kTileRows, of one vector to kNarrowRows) and
// vectors (1 or 2).
inline TileFunction tile_function(int64_t rows, int64_t vectors, bool left_rows) {
  using Rows = std::make_integer_sequence<int, kTileRows>;
  using NarrowRows = std::make_integer_sequence<int, kNarrowRows>;
  static constexpr std::array<TileFunction, kNarrowRows> kNarrow[2] = {
      tile_table<1, false>(NarrowRows()), tile_table<1, true>(NarrowRows())};
  static constexpr std::array<TileFunction, kTileRows> kWhole[2] = {tile_table<2, false>(Rows()),
                                                                    tile_table<2, true>(Rows())};
  return vectors == 1 ? kNarrow[left_rows][rows - 1] : kWhole[left_rows][rows - 1];
}

// The one for a flat tile of that many rows.
inline TileFunction flat_tile_function(int64_t rows, bool left_rows) {
  using Rows = std::make_integer_sequence<int, kFlatRows>;
  static constexpr std::array<TileFunction, kFlatRows> kFlat[2] = {
      tile_table<kFlatVectors, false>(Rows()), tile_table<kFlatVectors, true>(Rows())};
  return kFlat[left_rows][rows - 1];
}

// The one for a whole tile that copies the right side.
inline TileFunction copying_tile_function(bool left_rows) {
  return left_rows ? &tile_product<kTileRows, kTileVectors, true, true>
                   : &tile_product<kTileRows, kTileVectors, false, true>;
}

HWY_INLINE V32 load_floats(F32 d, const float* p) { return hn::LoadU(d, p); }
HWY_INLINE V32 load_floats(F32 d, const bfloat16* p) {
  const hn::RebindToUnsigned<F32> bits;
  const hn::Rebind<uint16_t, F32> halves;
  const auto upper = hn::PromoteTo(bits, hn::LoadU(halves, reinterpret_cast<const uint16_t*>(p)));
  return hn::BitCast(d, hn::ShiftLeft<16>(upper));
}

// sums[i * sums_step + j] = dot product of the rows left + i * left_step and right + j *
// right_step. For a few rows against rows: nothing is packed, and each row is read in sequence.
template <int kRows, int kColumns, class T>
HWY_NOINLINE void dot_sums(int64_t k, const float* HWY_RESTRICT left, int64_t left_step,
                           const T* HWY_RESTRICT right, int64_t right_step,
                           float* HWY_RESTRICT sums, int64_t sums_step) {
  const F32 d;
  V32 acc[kRows][kColumns];
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kColumns; ++j) acc[i][j] = hn::Zero(d);
  }
  // Meanwhile narrow rows behind these come to the second cache: those of a network are too short
  // for the processor to do so by itself.
  constexpr int64_t kLine = 64 / sizeof(T), kStep = int64_t{kColumns} * kLanes;
  [[maybe_unused]] const T* ahead = right + kColumns * right_step;
  int64_t p = 0;
  for (; p + kLanes <= k; p += kLanes) {
    if constexpr (sizeof(T) < sizeof(float)) {
      for (int64_t line = 0; line < kStep; line += kLine) __builtin_prefetch(ahead + line, 0, 2);
      ahead += kStep;
    }
    V32 b[kColumns];
    for (int j = 0; j < kColumns; ++j) b[j] = load_floats(d, right + j * right_step + p);
    for (int i = 0; i < kRows; ++i) {
      const V32 a = hn::LoadU(d, left + i * left_step + p);
      for (int j = 0; j < kColumns; ++j) acc[i][j] = hn::MulAdd(a, b[j], acc[i][j]);
    }
  }
  if (p < k) {
    V32 b[kColumns];
    for (int j = 0; j < kColumns; ++j) b[j] = load_first(d, right + j * right_step + p, k - p);
    for (int i = 0; i < kRows; ++i) {
      const V32 a = load_first(d, left + i * left_step + p, k - p);
      for (int j = 0; j < kColumns; ++j) acc[i][j] = hn::MulAdd(a, b[j], acc[i][j]);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kColumns; ++j) {
      sums[i * sums_step + j] = hn::GetLane(hn::SumOfLanes(d, acc[i][j]));
    }
  }
}

// A dot tile is this large.
inline constexpr int kDotRows = 4, kDotColumns = 3;

template <class T>
using DotFunction = void (*)(int64_t k, const float* left, int64_t left_step, const T* right,
                             int64_t right_step, float* sums, int64_t sums_step);

template <int kRows, class T, int... kColumnsLess1>
constexpr auto dot_table(std::integer_sequence<int, kColumnsLess1...>) {
  return std::array<DotFunction<T>, kDotColumns>{&dot_sums<kRows, kColumnsLess1 + 1, T>...};
}

template <class T>
DotFunction<T> dot_function(int64_t rows, int64_t columns) {
  using Columns = std::make_integer_sequence<int, kDotColumns>;
  static constexpr std::array<DotFunction<T>, kDotColumns> kTable[kDotRows] = {
      dot_table<1, T>(Columns()), dot_table<2, T>(Columns()), dot_table<3, T>(Columns()),
      dot_table<4, T>(Columns())};
  return kTable[rows - 1][columns - 1];
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
