// Products with many rows. Included once per instruction set.
//
// The scheme is that of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication"
// (2008), with the factors' roles as suits caches that can be filled ahead of need: each task packs
// a strip of the right factor into its second cache, and rows of the left factor pass by it. So
// rows can be read where they lie, no packed factor goes through memory, and k is cut into few
// steps.
#if defined(STRATA_KERNELS_CPU_GEMM_MANY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_MANY_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_MANY_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_MANY_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <hwy/highway.h>

#include "strata/kernels/cpu/gemm_drive-inl.h"
#include "strata/kernels/cpu/gemm_problem.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// Steps of k between two visits to C.
inline constexpr int64_t kManyRowsDepth = 1024;
// Floats of the right factor in such a step that stay in the second cache: processors with AVX-512
// have 1 MB of it and more.
inline constexpr int64_t kStripFloats = (kLanes > 8 ? 128 : 48) << 10;
// Tasks of a product that is large enough, about; multiplications of a task of a smaller one.
inline constexpr int64_t kTasks = 16;
inline constexpr double kTaskWork = 1e6;
// Rows that repay packing a strip, where there are strips enough for the threads.
inline constexpr int64_t kTaskRows = 480, kEnoughStrips = 4;
// Floats of the left factor that are packed at a time, where it must be: 4 MB, or 1 MB where the
// step of k can be shorter for it, but not than the least.
inline constexpr int64_t kMaxPacked = int64_t{1} << 20, kMaxPackedStep = kMaxPacked / 4;
inline constexpr int64_t kLeastPackedK = 512;
// Floats of a left factor read where it lies that pass by all strips before others do: 8 MB, so
// that the third cache holds them.
inline constexpr int64_t kMaxPassing = int64_t{2} << 20;

// The rows of the left factor that are packed at present; null if they are read where they lie.
struct PackedRows {
  const float* data;
  Range rows;
};

// Packs `panels` whole panels of a right factor whose rows lie in sequence, side by side: rows are
// far apart in memory, so each visit to one takes all it can, and rows to come are called for.
inline void pack_rows(const float* HWY_RESTRICT from, int64_t k_step, int64_t k, int64_t panels,
                      float* HWY_RESTRICT to) {
  constexpr int64_t kRowsAhead = 8;
  const F32 d;
  for (int64_t p = 0; p < k; ++p, from += k_step, to += kTileColumns) {
    const float* next = from + kRowsAhead * k_step;
    for (int64_t t = 0; t < panels; ++t) {
      float* out = to + t * kTileColumns * k;
      __builtin_prefetch(next + t * kTileColumns);
      for (int v = 0; v < kTileVectors; ++v) {
        hn::Store(hn::LoadU(d, from + t * kTileColumns + v * kLanes), d, out + v * kLanes);
      }
    }
  }
}

template <class T>
void pack_strip(const GemmProblem<T>& p, const KStep& ks, Range columns, float* to) {
  int64_t j = columns.begin;
  if constexpr (std::is_same_v<T, float>) {
    if (p.right.lane_step == 1) {
      const int64_t panels = columns.size() / kTileColumns;
      pack_rows(p.right.data + ks.begin * p.right.k_step + j, p.right.k_step, ks.depth, panels, to);
      j += panels * kTileColumns;
    }
  }
  for (; j < columns.end; j += kTileColumns) {
    pack_right(p, ks, panel_begin(p, ks, columns, j), to + (j - columns.begin) * ks.depth);
  }
}

// Some rows of a strip.
template <class T>
void block_task(const GemmProblem<T>& p, int64_t depth, const PackedRows& packed, Range rows,
                Range columns) {
  const int64_t panels = ceil_div(columns.size(), kTileColumns);
  float* strip = gemm_buffers().right.get(panels * kTileColumns * depth);
  for_each_k_step(p.k, depth, [&](const KStep& ks) HWY_ATTR {
    LeftView left = {packed.data, p.k, kTileRows, false};
    if (packed.data) left.data += (rows.begin - packed.rows.begin) * p.k + ks.begin * kTileRows;
    if constexpr (std::is_same_v<T, float>) {
      if (!packed.data) left = view_left(p, ks, rows);
    }
    pack_strip(p, ks, columns, strip);
    const Tiles<T> tiles(p, ks, left, rows, panels);
    for (int64_t i = rows.begin; i < rows.end; i += kTileRows) {
      const float* panel = strip;
      for (int64_t t = 0; t < panels; ++t, panel += kTileColumns * ks.depth) {
        const int64_t j = panel_begin(p, ks, columns, columns.begin + t * kTileColumns);
        tiles.compute(i, j, {panel, panel_width(p.n, j)}, tiles.next_rows(i, t));
      }
    }
  });
}

// All tasks of a product or of the rows of it that are packed: blocks of rows times strips of
// columns.
template <class T>
void compute_blocks(const GemmProblem<T>& p, int64_t depth, const PackedRows& packed) {
  const int64_t m = packed.rows.size();
  const double work = static_cast<double>(m) * static_cast<double>(p.n * p.k);
  const int64_t tasks =
      p.shared_out ? 1 : std::clamp<int64_t>(static_cast<int64_t>(work / kTaskWork), 1, kTasks);
  const int64_t panels = ceil_div(p.n, kTileColumns);
  // Strips as wide as may be, since each of them reads the rows anew and writes parts of rows.
  const int64_t least = ceil_div(p.n * depth, kStripFloats);
  int64_t strips = std::clamp(least, int64_t{1}, panels), blocks = ceil_div(tasks, strips);
  int64_t least_height = kTileRows;
  if (m < blocks * kTaskRows) {
    // Too few rows: rather narrow strips than low blocks, since each block packs its strip anew.
    const int64_t wanted = std::max(panels / 4, std::min(panels / 2, kEnoughStrips));
    strips = std::clamp(std::max(least, std::min(tasks, wanted)), int64_t{1}, panels);
    blocks = ceil_div(tasks, strips);
    if (strips >= kEnoughStrips) blocks = std::clamp<int64_t>(m / kTaskRows, 1, blocks);
    least_height = 16 * kTileRows;
  }
  const int64_t width = ceil_div(panels, strips) * kTileColumns;
  const int64_t height = round_up(ceil_div(m, blocks), least_height);
  blocks = ceil_div(m, height);
  for_each_task(
      work, blocks * ceil_div(p.n, width), 1,
      [&](Range task) HWY_ATTR {
        const int64_t i = packed.rows.begin + task.begin % blocks * height;
        const int64_t j = task.begin / blocks * width;
        block_task(p, depth, packed, {i, std::min(packed.rows.end, i + height)},
                   {j, std::min(p.n, j + width)});
      },
      Sharing::in_turn);
}

// Packs tiles of the left factor, those of `rows` behind row `begin`. Where its columns lie in
// sequence, all tiles are packed some rows of k at a time, so that each line is read once; or,
// where the rows of k are so far apart that their lines share few places of a cache, some tiles
// side by side: what is not taken at once has left the caches when the next tile comes.
template <class T>
void pack_left_rows(const GemmProblem<T>& p, int64_t begin, Range rows, float* to) {
  constexpr int64_t kTiles = 8, kCloseRows = 512;
  const bool in_order = p.left.lane_step == 1;
  const bool is_close = p.left.k_step >= kCloseRows && p.left.k_step % kCloseRows == 0;
  int64_t first = rows.begin;
  if constexpr (std::is_same_v<T, float>) {
    for (int64_t tiles; in_order && is_close; first += tiles * kTileRows) {
      tiles = std::min(kTiles, (rows.end - first) / kTileRows);
      if (tiles <= 1) break;
      pack_tiles(p.left.data + begin + first, p.left.k_step, p.k, tiles, to + first * p.k);
    }
  }
  for_each_k_step(p.k, in_order ? kPackDepth : p.k, [&](const KStep& ks) HWY_ATTR {
    for (int64_t i = first; i < rows.end; i += kTileRows) {
      pack_left(p, ks, begin + i, to + i * p.k + ks.begin * kTileRows);
    }
  });
}

// Blocks of rows of the left factor are packed by all threads and then computed with.
template <class T>
void packed_rows(const GemmProblem<T>& p, int64_t depth) {
  const int64_t height =
      std::max<int64_t>(kMaxPacked / std::max<int64_t>(p.k, 1), 96) / kTileRows * kTileRows;
  for (int64_t begin = 0; begin < p.m; begin += height) {
    const Range rows = {begin, std::min(p.m, begin + height)};
    float* left = gemm_buffers().left.get(round_up(rows.size(), kTileRows) * p.k);
    const double work = 16.0 * static_cast<double>(rows.size() * p.k);
    for_each_task(work, rows.size(), task_size(work, rows.size(), kTileRows, 16),
                  [&](Range task) HWY_ATTR { pack_left_rows(p, begin, task, left); });
    compute_blocks(p, depth, {left, rows});
  }
}

// The part of a product that sums over `k` alone, and adds to what the parts before it have left.
template <class T>
GemmProblem<T> part_along_k(const GemmProblem<T>& p, const KStep& k) {
  GemmProblem<T> part = p;
  part.k = k.depth;
  part.left.data += k.begin * p.left.k_step;
  part.right.data += k.begin * p.right.k_step;
  if (!k.first) {
    part.beta = 1;
    part.addend = p.c;
  }
  if (!k.last) {
    part.bias = nullptr;
    part.activation = Activation::none;
  }
  return part;
}

// Rows of the left factor are read where they lie: all at once, or, where several strips read far
// more of them than the third cache holds, as many as it does in each step of k.
inline void rows_in_place(const GemmProblem<float>& p, int64_t depth) {
  if (p.m * p.k <= 2 * kMaxPassing || p.n * depth <= kStripFloats) {
    return compute_blocks(p, depth, {nullptr, {0, p.m}});
  }
  const int64_t blocks = ceil_div(p.m * depth, kMaxPassing);
  const int64_t height = round_up(ceil_div(p.m, blocks), kTileRows);
  for (int64_t begin = 0; begin < p.m; begin += height) {
    for_each_k_step(p.k, depth, [&](const KStep& k) HWY_ATTR {
      const Range rows = {begin, std::min(p.m, begin + height)};
      compute_blocks(part_along_k(p, k), depth, {nullptr, rows});
    });
  }
}

template <class T>
void many_rows(const GemmProblem<T>& p) {
  const int64_t depth = step_depth<T>(p.k, kManyRowsDepth);
  if constexpr (std::is_same_v<T, float>) {
    if (p.left.k_step == 1) return rows_in_place(p, depth);
  }
  const int64_t most = std::max(kLeastPackedK, kMaxPackedStep / p.m);
  for_each_k_step(p.k, step_depth<T>(p.k, most), [&](const KStep& k) HWY_ATTR {
    packed_rows(part_along_k(p, k), std::min(depth, k.depth));
  });
}

// A product with few columns whose transpose is wanted: the right factor is packed once for all,
// and rows of results are turned at the end.
inline void turned_task(const GemmProblem<float>& p, const KStep& ks, const float* right,
                        Range rows) {
  GemmProblem<float> q = p;
  q.ld = round_up(q.n, kTileColumns);
  float* sums = gemm_buffers().block.get(kTurnedRows * q.ld);
  q.c = sums;
  q.addend = sums;
  q.m = rows.size();
  q.turned = false;
  q.bias = nullptr;
  q.alpha = 1;
  q.beta = 0;
  q.activation = Activation::none;
  q.left.data += rows.begin * p.left.lane_step;
  const Range own = {0, rows.size()};
  const int64_t panels = ceil_div(q.n, kTileColumns);
  const Tiles<float> tiles(q, ks, view_left(q, ks, own), own, panels);
  for (int64_t i = 0; i < q.m; i += kTileRows) {
    for (int64_t t = 0; t < panels; ++t) {
      const int64_t j = t * kTileColumns;
      tiles.compute(i, j, {right + j * ks.depth, panel_width(q.n, j)}, tiles.next_rows(i, t));
    }
  }
  store_sums(p, sums, q.ld, rows.begin, q.m, 0, q.n);
}

// Rows of a task are a multiple of this.
inline constexpr int64_t kTurnedGrain = kLanes > 8 ? kTurnedRows : kTurnedRows / 2;

inline void turned_rows(const GemmProblem<float>& p) {
  for_each_k_step(p.k, step_depth<float>(p.k, kManyRowsDepth), [&](const KStep& k) HWY_ATTR {
    const GemmProblem<float> q = part_along_k(p, k);
    const int64_t panels = ceil_div(q.n, kTileColumns);
    float* right = gemm_buffers().right.get(panels * kTileColumns * q.k);
    const KStep whole = {0, q.k, true, true};
    for_each_task(16.0 * static_cast<double>(q.n * q.k), panels, 1, [&](Range panel) HWY_ATTR {
      pack_right(q, whole, panel.begin * kTileColumns, right + panel.begin * kTileColumns * q.k);
    });
    const double work = static_cast<double>(q.m) * static_cast<double>(q.n * q.k);
    for_each_task(work, q.m, std::min(task_size(work, q.m, kTurnedGrain), kTurnedRows),
                  [&](Range rows) HWY_ATTR { turned_task(q, whole, right, rows); });
  });
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
