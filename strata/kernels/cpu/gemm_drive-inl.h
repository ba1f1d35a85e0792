// Which part of a product is computed when, and what is packed. Included once per instruction set.
//
// The scheme is that of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication"
// (2008), and of BLIS, with two changes for the small batches of training: a factor that a tile can
// read where it lies is not packed, and the factor to be packed by transposition is the smaller
// one.
#if defined(STRATA_KERNELS_CPU_GEMM_DRIVE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_DRIVE_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_DRIVE_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_DRIVE_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <hwy/highway.h>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/gemm_pack-inl.h"
#include "strata/kernels/cpu/gemm_problem.h"
#include "strata/kernels/cpu/gemm_store-inl.h"
#include "strata/kernels/cpu/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// Steps of k between two visits to C: a packed panel of the right factor stays in the first cache.
inline constexpr int64_t kMaxDepth = HWY_TARGET <= HWY_AVX3 ? 256 : 384;
// Rows per task: a packed block of the left factor stays in the second cache.
inline constexpr int64_t kMaxTaskRows = 16 * kTileRows;
// Packed right factor at a time, in floats: 8 MB.
inline constexpr int64_t kMaxStrip = int64_t{2} << 20;
// Products below this many multiplications are not worth waking threads for.
inline constexpr double kMinParallel = 400e3;
// Up to this many rows, panels of the right factor are packed where they are used.
inline constexpr int64_t kFewRows = 192;

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

struct Range {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

// One step of k: from `begin`, `depth` long. Sums of types narrower than f32 are rounded once, so
// there k is never split.
struct KStep {
  int64_t begin, depth;
  bool first, last;
};

template <class T, class F>
void for_each_k_step(int64_t k, F&& f) {
  const int64_t steps = std::is_same_v<T, float> ? std::max<int64_t>(1, ceil_div(k, kMaxDepth)) : 1;
  const int64_t depth = steps == 1 ? k : round_up(ceil_div(k, steps), 4);
  for (int64_t begin = 0, s = 0; s < steps; ++s, begin += depth) {
    f(KStep{begin, std::min(depth, k - begin), s == 0, s == steps - 1});
  }
}

// The left factor as the tiles read it: packed, or where it lies.
struct LeftView {
  const float* data;
  int64_t tile_step;  // from one tile's rows to the next's
  int64_t step;       // see tile_sums; packed, it is the number of the tile's rows
  bool rows, packed;
};

struct RightPanel {
  const float* data;
  int64_t step;
};

template <class T>
HWY_INLINE void one_tile(const GemmProblem<T>& p, const KStep& ks, const LeftView& left,
                         int64_t tile_index, const RightPanel& right, int64_t i, int64_t rows,
                         int64_t j) {
  HWY_ALIGN float sums[kTileSize];
  const int64_t columns = std::min<int64_t>(kTileColumns, p.n - j);
  const int64_t vectors = ceil_div(columns, kLanes);
  tile_function(rows, vectors, left.rows)(ks.depth, left.data + tile_index * left.tile_step,
                                          left.packed ? rows : left.step, right.data, right.step,
                                          sums);
  TileOutput<T> out = {p.c, p.ld, nullptr, p.alpha, ks.first ? p.beta : 1.0f, Activation::none};
  if (ks.last) {
    out.bias = p.bias;
    out.activation = p.activation;
  }
  const int64_t c_row = p.turned ? j : i, c_column = p.turned ? i : j;
  out.c += c_row * p.ld + c_column;
  if (out.bias) out.bias += c_column;
  if (p.turned) {
    store_block_turned(sums, vectors * kLanes, rows, columns, out);
  } else {
    store_block(sums, vectors * kLanes, rows, columns, out);
  }
}

// Packs rows of the left factor, tile by tile.
template <class T>
LeftView pack_left(const GemmProblem<T>& p, const KStep& ks, Range rows, float* to) {
  for (int64_t i = rows.begin; i < rows.end; i += kTileRows) {
    const int64_t count = std::min<int64_t>(kTileRows, rows.end - i);
    pack(p.left.data + i * p.left.lane_step + ks.begin * p.left.k_step, p.left.lane_step,
         p.left.k_step, count, count, ks.depth, to + (i - rows.begin) * ks.depth);
  }
  return {to, kTileRows * ks.depth, 0, false, true};
}

// The left factor where it lies. A factor that is not f32 cannot be read so.
inline LeftView view_left(const GemmProblem<float>& p, const KStep& ks, Range rows) {
  const float* data = p.left.data + rows.begin * p.left.lane_step + ks.begin * p.left.k_step;
  const bool in_rows = p.left.k_step == 1;
  return {data, kTileRows * p.left.lane_step, in_rows ? p.left.lane_step : p.left.k_step, in_rows,
          false};
}

template <class T>
LeftView get_left(const GemmProblem<T>& p, const KStep& ks, Range rows, int64_t panels) {
  // Reading rows in place costs nothing but cache lines that lie apart; packing costs a fixed time
  // per number, which many panels repay.
  if constexpr (std::is_same_v<T, float>) {
    const int64_t worth = p.left.k_step == 1 ? 16 : 6;
    if (panels < worth) return view_left(p, ks, rows);
  }
  return pack_left(p, ks, rows, gemm_buffers().left.get(rows.size() * ks.depth));
}

inline int64_t panel_width(int64_t n, int64_t j) { return n - j <= kLanes ? kLanes : kTileColumns; }

template <class T>
void pack_right(const GemmProblem<T>& p, const KStep& ks, int64_t j, float* to) {
  const int64_t columns = std::min<int64_t>(kTileColumns, p.n - j);
  pack(p.right.data + j * p.right.lane_step + ks.begin * p.right.k_step, p.right.lane_step,
       p.right.k_step, columns, panel_width(p.n, j), ks.depth, to);
}

template <class T>
HWY_INLINE void tiles_of_panel(const GemmProblem<T>& p, const KStep& ks, const LeftView& left,
                               Range rows, const RightPanel& right, int64_t j) {
  for (int64_t i = rows.begin, t = 0; i < rows.end; i += kTileRows, ++t) {
    one_tile(p, ks, left, t, right, i, std::min<int64_t>(kTileRows, rows.end - i), j);
  }
}

// Few rows: each panel of the right factor is packed right before all its tiles use it, or read in
// place by a single tile.
template <class T>
void few_rows_task(const GemmProblem<T>& p, Range columns) {
  const Range rows = {0, p.m};
  for_each_k_step<T>(p.k, [&](const KStep& ks) HWY_ATTR {
    const LeftView left = get_left(p, ks, rows, ceil_div(columns.size(), kTileColumns));
    for (int64_t j = columns.begin; j < columns.end; j += kTileColumns) {
      const bool whole = p.n - j >= kTileColumns && p.right.lane_step == 1;
      if constexpr (std::is_same_v<T, float>) {
        if (whole && p.m <= kTileRows) {
          const float* data = p.right.data + j + ks.begin * p.right.k_step;
          tiles_of_panel(p, ks, left, rows, {data, p.right.k_step}, j);
          continue;
        }
      }
      float* panel = gemm_buffers().panel.get(kTileColumns * ks.depth);
      pack_right(p, ks, j, panel);
      tiles_of_panel(p, ks, left, rows, {panel, panel_width(p.n, j)}, j);
    }
  });
}

// Many rows: a strip of the right factor is packed whole, then each task takes some rows.
template <class T>
void many_rows_task(const GemmProblem<T>& p, Range rows, Range strip, const float* packed) {
  const int64_t panels = ceil_div(strip.size(), kTileColumns);
  for_each_k_step<T>(p.k, [&](const KStep& ks) HWY_ATTR {
    const LeftView left = get_left(p, ks, rows, panels);
    const float* right = packed + ks.begin * panels * kTileColumns;
    const auto panel = [&](int64_t j) {
      return RightPanel{right + (j - strip.begin) * ks.depth, panel_width(p.n, j)};
    };
    if (panels <= 8 && !left.packed) {
      // Rows that lie apart are read from memory once, while the few panels stay in the cache.
      for (int64_t i = rows.begin, t = 0; i < rows.end; i += kTileRows, ++t) {
        const int64_t count = std::min<int64_t>(kTileRows, rows.end - i);
        for (int64_t j = strip.begin; j < strip.end; j += kTileColumns) {
          one_tile(p, ks, left, t, panel(j), i, count, j);
        }
      }
    } else {
      for (int64_t j = strip.begin; j < strip.end; j += kTileColumns) {
        tiles_of_panel(p, ks, left, rows, panel(j), j);
      }
    }
  });
}

// Runs f on consecutive ranges of [0, n), of `grain` each: in parallel if the product is worth it.
template <class F>
void for_each_task(double work, int64_t n, int64_t grain, F&& f) {
  const auto run = [&](int64_t t) { f(Range{t * grain, std::min(n, (t + 1) * grain)}); };
  const int64_t tasks = ceil_div(n, grain);
  if (tasks == 1 || work < kMinParallel) {
    for (int64_t t = 0; t < tasks; ++t) run(t);
  } else {
    parallel_chunks(tasks, run);
  }
}

// Size of a task along an extent of n: about 16 tasks, in whole tiles, none below `least`.
inline int64_t task_size(int64_t n, int64_t tile, int64_t least, int64_t most) {
  return std::clamp(round_up(ceil_div(n, 16), tile), least, most);
}

template <class T>
void few_rows(const GemmProblem<T>& p) {
  const double work = static_cast<double>(p.m) * static_cast<double>(p.n * p.k);
  const int64_t least =
      round_up(static_cast<int64_t>(kMinParallel / 4 / (work / p.n)) + 1, kTileColumns);
  const int64_t grain = work < kMinParallel ? p.n : task_size(p.n, kTileColumns, least, p.n);
  for_each_task(work, p.n, std::max<int64_t>(grain, 1),
                [&](Range columns) HWY_ATTR { few_rows_task(p, columns); });
}

template <class T>
void many_rows(const GemmProblem<T>& p) {
  const int64_t strip_size =
      std::max<int64_t>(kMaxStrip / std::max<int64_t>(p.k, 1) / kTileColumns, 8) * kTileColumns;
  for (int64_t begin = 0; begin < p.n; begin += strip_size) {
    const Range strip = {begin, std::min(p.n, begin + strip_size)};
    const int64_t panels = ceil_div(strip.size(), kTileColumns);
    float* packed = gemm_buffers().right.get(panels * kTileColumns * p.k);
    const double pack_work = 16.0 * static_cast<double>(strip.size() * p.k);
    for_each_task(pack_work, panels, ceil_div(panels, 16), [&](Range range) HWY_ATTR {
      for_each_k_step<T>(p.k, [&](const KStep& ks) HWY_ATTR {
        for (int64_t j = range.begin; j < range.end; ++j) {
          pack_right(p, ks, strip.begin + j * kTileColumns,
                     packed + (ks.begin * panels + j * ks.depth) * kTileColumns);
        }
      });
    });
    const double work = static_cast<double>(p.m) * static_cast<double>(strip.size() * p.k);
    const int64_t grain =
        work < kMinParallel ? p.m : task_size(p.m, kTileRows, 2 * kTileRows, kMaxTaskRows);
    for_each_task(work, p.m, grain,
                  [&](Range rows) HWY_ATTR { many_rows_task(p, rows, strip, packed); });
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
