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
inline constexpr int64_t kMaxDepth = 256;
// A strip of the right factor with this many floats in a step of k stays in the second cache; with
// short sums it is read from there, so that C can be written row after row.
inline constexpr int64_t kCachedStrip = 48 << 10, kShortDepth = 128;
// Rows per task: a packed block of the left factor stays in the second cache.
inline constexpr int64_t kMaxTaskRows = 16 * kTileRows;
// Packed right factor at a time, in floats: 8 MB.
inline constexpr int64_t kMaxStrip = int64_t{2} << 20;
// Products below this many multiplications are not worth waking threads for.
inline constexpr double kMinParallel = 200e3;
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
void for_each_k_step(const GemmProblem<T>& p, F&& f) {
  const int64_t steps =
      std::is_same_v<T, float> ? std::max<int64_t>(1, ceil_div(p.k, kMaxDepth)) : 1;
  const int64_t depth = steps == 1 ? p.k : round_up(ceil_div(p.k, steps), 4);
  for (int64_t begin = 0, s = 0; s < steps; ++s, begin += depth) {
    f(KStep{begin, std::min(depth, p.k - begin), s == 0, s == steps - 1});
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
  bool direct;  // see is_direct
  bool fetch_next = false;
};

// The part of C at (i, j), and what happens to it in this step of k.
template <class T>
HWY_INLINE TileOutput<T> output_at(const GemmProblem<T>& p, const KStep& ks, int64_t i, int64_t j) {
  const int64_t row = p.turned ? j : i, column = p.turned ? i : j;
  TileOutput<T> out = {p.c + row * p.ld + column, p.ld, nullptr, p.alpha, ks.first ? p.beta : 1.0f,
                       Activation::none};
  if (ks.last) {
    out.bias = p.bias ? p.bias + column : nullptr;
    out.activation = p.activation;
  }
  return out;
}

// Whether a whole tile can go from the registers to C.
inline bool is_direct(const GemmProblem<float>& p) {
  return !p.turned && p.alpha == 1 && (p.beta == 0 || p.beta == 1) &&
         p.activation <= Activation::relu;
}
template <class T>
bool is_direct(const GemmProblem<T>&) {
  return false;
}

template <class T>
HWY_INLINE void one_tile(const GemmProblem<T>& p, const KStep& ks, const LeftView& left,
                         int64_t tile_index, const RightPanel& right, int64_t i, int64_t rows,
                         int64_t j) {
  const int64_t columns = std::min<int64_t>(kTileColumns, p.n - j);
  const int64_t vectors = ceil_div(columns, kLanes);
  const TileFunction product = tile_function(rows, vectors, left.rows);
  const float* left_data = left.data + tile_index * left.tile_step;
  const int64_t left_step = left.packed ? rows : left.step;
  const TileOutput<T> out = output_at(p, ks, i, j);
  if constexpr (std::is_same_v<T, float>) {
    if (right.direct && columns == vectors * kLanes) {
      product(ks.depth, left_data, left_step, right.data, right.step,
              {out.c, out.ld, out.beta != 0, out.bias, out.activation == Activation::relu});
      return;
    }
  }
  HWY_ALIGN float sums[kTileSize];
  product(ks.depth, left_data, left_step, right.data, right.step,
          {sums, vectors * kLanes, false, nullptr, false});
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
    const int64_t worth = p.left.k_step == 1 ? 16 : 4;
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

// Whole-width tiles under each other that go from the registers to C. With `copy` the first one,
// which must be whole, reads the right side where it lies and packs it there for the others.
inline void direct_tiles(const GemmProblem<float>& p, const KStep& ks, const LeftView& left,
                         Range rows, RightPanel right, int64_t j, float* copy = nullptr) {
  const TileOutput<float> out = output_at(p, ks, rows.begin, j);
  TileTarget to = {out.c, out.ld, out.beta != 0, out.bias, out.activation == Activation::relu,
                   copy};
  const int64_t vectors = p.n - j < kTileColumns ? 1 : kTileVectors;
  const TileFunction whole = tile_function(kTileRows, vectors, left.rows);
  // Meanwhile the panel behind this one comes to the second cache, a share with each tile.
  const float* next = right.data + ks.depth * kTileColumns;
  const int64_t share = right.fetch_next ? ks.depth * kTileColumns * kTileRows / rows.size() : 0;
  const float* left_data = left.data;
  for (int64_t rest = rows.size(); rest > 0; rest -= kTileRows) {
    const int64_t count = std::min<int64_t>(kTileRows, rest);
    const TileFunction product = copy                 ? copying_tile_function(left.rows)
                                 : count == kTileRows ? whole
                                                      : tile_function(count, vectors, left.rows);
    product(ks.depth, left_data, left.packed ? count : left.step, right.data, right.step, to);
    if (copy) {
      right = {copy, kTileColumns, true};
      copy = nullptr;
    }
    left_data += left.tile_step;
    to.c += kTileRows * to.ld;
    for (int64_t i = 0; i < share; i += 16) __builtin_prefetch(next + i, 0, 2);
    next += share;
  }
}

template <class T>
void tiles_of_panel(const GemmProblem<T>& p, const KStep& ks, const LeftView& left, Range rows,
                    const RightPanel& right, int64_t j) {
  if constexpr (std::is_same_v<T, float>) {
    if (right.direct && (p.n - j >= kTileColumns || p.n - j == kLanes)) {
      return direct_tiles(p, ks, left, rows, right, j);
    }
  }
  for (int64_t i = rows.begin, t = 0; i < rows.end; i += kTileRows, ++t) {
    one_tile(p, ks, left, t, right, i, std::min<int64_t>(kTileRows, rows.end - i), j);
  }
}

// Few rows: each panel of the right factor is packed right before all its tiles use it, or read in
// place where these are too few to repay that.
template <class T>
void few_rows_task(const GemmProblem<T>& p, Range columns) {
  const Range rows = {0, p.m};
  for_each_k_step(p, [&](const KStep& ks) HWY_ATTR {
    const LeftView left = get_left(p, ks, rows, ceil_div(columns.size(), kTileColumns));
    for (int64_t j = columns.begin; j < columns.end; j += kTileColumns) {
      const bool whole = p.n - j >= kTileColumns && p.right.lane_step == 1;
      float* panel = gemm_buffers().panel.get(kTileColumns * ks.depth);
      if constexpr (std::is_same_v<T, float>) {
        const RightPanel in_place = {p.right.data + j + ks.begin * p.right.k_step, p.right.k_step,
                                     is_direct(p)};
        if (whole && p.m <= (ks.depth <= 64 ? 16 : 4) * kTileRows) {
          tiles_of_panel(p, ks, left, rows, in_place, j);
          continue;
        }
        if (whole && in_place.direct) {
          direct_tiles(p, ks, left, rows, in_place, j, panel);
          continue;
        }
      }
      pack_right(p, ks, j, panel);
      tiles_of_panel(p, ks, left, rows, {panel, panel_width(p.n, j), is_direct(p)}, j);
    }
  });
}

// A block of sums of `rows` x `columns` at (i, j) of the problem to C.
inline void store_sums(const GemmProblem<float>& p, float* sums, int64_t stride, int64_t i,
                       int64_t rows, int64_t j, int64_t columns) {
  const int64_t c_row = p.turned ? j : i, c_column = p.turned ? i : j;
  TileOutput<float> out = {p.c + c_row * p.ld + c_column,
                           p.ld,
                           p.bias ? p.bias + c_column : nullptr,
                           p.alpha,
                           p.beta,
                           p.activation};
  if (!p.turned) {
    store_block(sums, stride, rows, columns, out);
  } else if (rows == 1) {
    store_block(sums, 1, columns, 1, out);
  } else {
    for (int64_t first = 0; first < columns; first += kTileColumns, out.c += kTileColumns * p.ld) {
      store_block_turned(sums + first, stride, rows,
                         std::min<int64_t>(kTileColumns, columns - first), out);
    }
  }
}

template <class T>
void many_rows_task(const GemmProblem<T>& p, Range rows, Range strip, const float* packed);

// Rows of a product whose transpose is wanted: summed up in order, turned once at the end.
inline void turned_rows_task(const GemmProblem<float>& p, Range rows, Range strip,
                             const float* packed) {
  GemmProblem<float> q = p;
  q.m = rows.size();
  q.n = strip.size();
  q.left.data += rows.begin * p.left.lane_step;
  q.ld = round_up(strip.size(), kTileColumns);
  q.c = gemm_buffers().block.get(q.m * q.ld);
  q.turned = false;
  q.bias = nullptr;
  q.alpha = 1;
  q.beta = 0;
  q.activation = Activation::none;
  many_rows_task(q, {0, q.m}, {0, q.n}, packed);
  for (int64_t i = 0; i < q.m; i += kTileRows) {
    store_sums(p, q.c + i * q.ld, q.ld, rows.begin + i, std::min<int64_t>(kTileRows, q.m - i),
               strip.begin, q.n);
  }
}

// Many rows: a strip of the right factor is packed whole, then each task takes some rows.
template <class T>
void many_rows_task(const GemmProblem<T>& p, Range rows, Range strip, const float* packed) {
  if constexpr (std::is_same_v<T, float>) {
    if (p.turned) return turned_rows_task(p, rows, strip, packed);
  }
  const int64_t panels = ceil_div(strip.size(), kTileColumns);
  for_each_k_step(p, [&](const KStep& ks) HWY_ATTR {
    const LeftView left = get_left(p, ks, rows, panels);
    const float* right = packed + ks.begin * panels * kTileColumns;
    const auto panel = [&](int64_t j) {
      return RightPanel{right + (j - strip.begin) * ks.depth, panel_width(p.n, j), is_direct(p)};
    };
    if (strip.size() * ks.depth <= kCachedStrip && ks.depth <= kShortDepth) {
      for (int64_t i = rows.begin, t = 0; i < rows.end; i += kTileRows, ++t) {
        const int64_t count = std::min<int64_t>(kTileRows, rows.end - i);
        for (int64_t j = strip.begin; j < strip.end; j += kTileColumns) {
          one_tile(p, ks, left, t, panel(j), i, count, j);
        }
      }
    } else {
      for (int64_t j = strip.begin; j < strip.end; j += kTileColumns) {
        RightPanel right_panel = panel(j);
        right_panel.fetch_next = j + kTileColumns < strip.end;
        tiles_of_panel(p, ks, left, rows, right_panel, j);
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

// Size of a task along an extent of n that costs `work` in all: about 32 tasks, in whole tiles, not
// so small that handing them out would show.
inline int64_t task_size(double work, int64_t n, int64_t tile, int64_t most) {
  if (work < kMinParallel) return std::max<int64_t>(n, 1);
  const auto least = static_cast<int64_t>(kMinParallel / 8 / work * static_cast<double>(n));
  return std::min(std::max(round_up(ceil_div(n, 32), tile), round_up(least + 1, tile)), most);
}

template <class T>
void few_rows(const GemmProblem<T>& p) {
  const double work = static_cast<double>(p.m) * static_cast<double>(p.n * p.k);
  for_each_task(work, p.n, task_size(work, p.n, kTileColumns, round_up(p.n, kTileColumns)),
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
      for_each_k_step(p, [&](const KStep& ks) HWY_ATTR {
        for (int64_t j = range.begin; j < range.end; ++j) {
          pack_right(p, ks, strip.begin + j * kTileColumns,
                     packed + (ks.begin * panels + j * ks.depth) * kTileColumns);
        }
      });
    });
    const double work = static_cast<double>(p.m) * static_cast<double>(strip.size() * p.k);
    for_each_task(work, p.m, task_size(work, p.m, kTileRows, kMaxTaskRows),
                  [&](Range rows) HWY_ATTR { many_rows_task(p, rows, strip, packed); });
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
