// What the ways of computing a product share: steps of k, views of the factors, tiles wherever they
// stand in C, tasks. Included once per instruction set.
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

// Products below this many multiplications are not worth waking threads for.
inline constexpr double kMinParallel = 200e3;

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

struct Range {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

// One step of k: from `begin`, `depth` long.
struct KStep {
  int64_t begin, depth;
  bool first, last;
};

// Length of the equal steps in which k is taken, `most` or a little less. Sums of types narrower
// than f32 are rounded once, so there k is never split.
template <class T>
int64_t step_depth(int64_t k, int64_t most) {
  const int64_t steps = std::is_same_v<T, float> ? ceil_div(k, most) : 1;
  return steps <= 1 ? k : round_up(ceil_div(k, steps), 4);
}

template <class F>
void for_each_k_step(int64_t k, int64_t depth, F&& f) {
  int64_t begin = 0;
  do {
    const int64_t end = std::min(k, begin + depth);
    f(KStep{begin, end - begin, begin == 0, end == k});
    begin = end;
  } while (begin < k);
}

// The left factor as the tiles read it, from the first row of a task: packed tile by tile, or its
// rows where they lie.
struct LeftView {
  const float* data;
  int64_t row_step;   // from one row to the next, as far as whole tiles go
  int64_t tile_step;  // see tile_product
  bool rows;
};

struct RightPanel {
  const float* data;
  int64_t step;
};

// What a tile that reads its right side where it lies, `step` apart, brings near: rows that it will
// read a little later, and at its end the first of the panel behind its own.
inline Ahead rows_ahead(const float* from, int64_t step, int64_t depth) {
  constexpr int64_t kRows = 32;
  if (depth <= kRows) return {from + kTileColumns, step};
  return {from + kRows * step, step, depth - kRows, kTileColumns - kRows * step};
}

// The part of C at (i, j), and what happens to it in this step of k.
template <class T>
HWY_INLINE TileOutput<T> output_at(const GemmProblem<T>& p, const KStep& ks, int64_t i, int64_t j) {
  const int64_t row = p.turned ? j : i, column = p.turned ? i : j;
  const int64_t at = row * p.ld + column;
  TileOutput<T> out = {p.c + at,
                       (ks.first ? p.addend : p.c) + at,
                       p.ld,
                       nullptr,
                       p.alpha,
                       ks.first ? p.beta : 1.0f,
                       Activation::none};
  if (ks.last) {
    out.bias = p.bias ? p.bias + column : nullptr;
    out.activation = p.activation;
  }
  return out;
}

// Whether a whole tile can go from the registers to C.
template <class T>
bool is_direct(const GemmProblem<T>& p) {
  return std::is_same_v<T, float> && !p.turned && p.alpha == 1 && (p.beta == 0 || p.beta == 1) &&
         p.activation <= Activation::relu;
}

// The tiles of some rows, those of `left`, in one step of k; of a strip of `panels` panels if a
// tile row goes through them all.
template <class T>
class Tiles {
 public:
  Tiles(const GemmProblem<T>& p, const KStep& ks, const LeftView& left, Range rows,
        int64_t panels = 1)
      : p_(p),
        ks_(ks),
        left_(left),
        rows_(rows),
        share_(ceil_div(kTileRows, panels)),
        share_length_(ceil_div(ks.depth, share_)),
        whole_(tile_function(kTileRows, kTileVectors, left.rows)),
        direct_(is_direct(p)),
        last_whole_(direct_ ? p.n - kTileColumns : -1) {
    if constexpr (std::is_same_v<T, float>) {
      c_ = p.c;
      const TileOutput<T> out = output_at(p, ks, 0, 0);
      addend_ = out.beta != 0 ? out.addend : nullptr;
      bias_ = out.bias;
      relu_ = out.activation == Activation::relu;
    }
  }

  // The tile at row i and column j of the result. With `copy`, for tiles of is_direct() products
  // that are as wide as can be, the right side is packed there on the way.
  HWY_INLINE void compute(int64_t i, int64_t j, const RightPanel& right, const Ahead& ahead,
                          float* copy = nullptr) const {
    if constexpr (std::is_same_v<T, float>) {
      if (j <= last_whole_) {
        const int64_t rows = std::min<int64_t>(kTileRows, rows_.end - i);
        const TileFunction product = copy ? copying_tile_function(left_.rows)
                                     : rows == kTileRows
                                         ? whole_
                                         : tile_function(rows, kTileVectors, left_.rows);
        product(ks_.depth, left_at(i), left_.tile_step, right.data, right.step,
                {c_ + i * p_.ld + j, p_.ld, addend_ ? addend_ + i * p_.ld + j : nullptr,
                 bias_ ? bias_ + j : nullptr, relu_, copy},
                ahead);
        return;
      }
    }
    compute_edge(i, j, right, ahead);
  }

  // What the tile at row i in panel number t of a strip brings near: its share of the rows under
  // its own.
  HWY_INLINE Ahead next_rows(int64_t i, int64_t t) const {
    const int64_t first = t * share_;
    if (i + kTileRows >= rows_.end || first >= kTileRows) return nothing();
    const float* next = left_at(i + kTileRows);
    if (!left_.rows) return {next + first * ks_.depth, share_};
    return {next + first * left_.row_step, share_, share_length_, left_.row_step};
  }

  Ahead nothing() const { return {left_.data}; }

 private:
  const float* left_at(int64_t i) const { return left_.data + (i - rows_.begin) * left_.row_step; }

  // A tile that is not as wide as others, or whose sums need more than registers can do.
  HWY_NOINLINE void compute_edge(int64_t i, int64_t j, const RightPanel& right,
                                 const Ahead& ahead) const {
    const int64_t rows = std::min<int64_t>(kTileRows, rows_.end - i);
    const int64_t columns = std::min<int64_t>(kTileColumns, p_.n - j);
    const int64_t vectors = columns <= kLanes ? 1 : kTileVectors;
    const TileFunction product = tile_function(rows, vectors, left_.rows);
    const TileOutput<T> out = output_at(p_, ks_, i, j);
    if constexpr (std::is_same_v<T, float>) {
      if (direct_) {
        product(ks_.depth, left_at(i), left_.tile_step, right.data, right.step,
                {out.c, out.ld, addend_ ? out.addend : nullptr, out.bias, relu_, nullptr,
                 columns % kLanes},
                ahead);
        return;
      }
    }
    HWY_ALIGN float sums[kTileSize];
    const int64_t stride = vectors * kLanes;
    product(ks_.depth, left_at(i), left_.tile_step, right.data, right.step,
            {sums, stride, nullptr, nullptr, false}, ahead);
    if (p_.turned) {
      store_block_turned(sums, stride, rows, columns, out);
    } else {
      store_block(sums, stride, rows, columns, out);
    }
  }

  const GemmProblem<T>& p_;
  const KStep& ks_;
  LeftView left_;
  Range rows_;
  int64_t share_, share_length_;  // of the next rows: so many a tile, in runs of so many steps
  TileFunction whole_;
  bool direct_;
  int64_t last_whole_;  // the last column where a tile of the whole width goes straight to C
  float* c_ = nullptr;
  const float* addend_ = nullptr;
  const float* bias_ = nullptr;
  bool relu_ = false;
};

// The left factor where it lies. One that is not f32 cannot be read so.
inline LeftView view_left(const GemmProblem<float>& p, const KStep& ks, Range rows) {
  const float* data = p.left.data + rows.begin * p.left.lane_step + ks.begin * p.left.k_step;
  const bool in_rows = p.left.k_step == 1;
  return {data, p.left.lane_step, in_rows ? p.left.lane_step : p.left.k_step, in_rows};
}

// Packs one tile's rows of the left factor.
template <class T>
void pack_left(const GemmProblem<T>& p, const KStep& ks, int64_t i, float* to) {
  pack(p.left.data + i * p.left.lane_step + ks.begin * p.left.k_step, p.left.lane_step,
       p.left.k_step, std::min<int64_t>(kTileRows, p.m - i), kTileRows, ks.depth, to);
}

inline int64_t panel_width(int64_t n, int64_t j) { return n - j <= kLanes ? kLanes : kTileColumns; }

// Where the panel at column j of a task's range begins. The last one of all, if not as wide as
// vectors, rather computes some results of its neighbour again than it stores half a vector; not
// where results are added to.
template <class T>
int64_t panel_begin(const GemmProblem<T>& p, const KStep& ks, Range columns, int64_t j) {
  const int64_t begin = p.n - panel_width(p.n, j);
  const bool once = is_direct(p) && p.beta == 0 && ks.first && ks.last;
  return once && begin < j && begin >= columns.begin ? begin : j;
}

template <class T>
void pack_right(const GemmProblem<T>& p, const KStep& ks, int64_t j, float* to) {
  pack(p.right.data + j * p.right.lane_step + ks.begin * p.right.k_step, p.right.lane_step,
       p.right.k_step, std::min<int64_t>(kTileColumns, p.n - j), panel_width(p.n, j), ks.depth, to);
}

// A block of sums of `rows` x `columns` at (i, j) of the problem to C.
inline void store_sums(const GemmProblem<float>& p, float* sums, int64_t stride, int64_t i,
                       int64_t rows, int64_t j, int64_t columns) {
  const int64_t c_row = p.turned ? j : i, c_column = p.turned ? i : j;
  const int64_t at = c_row * p.ld + c_column;
  TileOutput<float> out = {
      p.c + at, p.addend + at, p.ld,        p.bias ? p.bias + c_column : nullptr,
      p.alpha,  p.beta,        p.activation};
  if (!p.turned) {
    store_block(sums, stride, rows, columns, out);
  } else if (rows == 1) {
    store_block(sums, 1, columns, 1, out);
  } else {
    const int64_t next = kTileColumns * p.ld;
    for (int64_t first = 0; first < columns;
         first += kTileColumns, out.c += next, out.addend += next) {
      store_block_turned(sums + first, stride, rows,
                         std::min<int64_t>(kTileColumns, columns - first), out);
    }
  }
}

// Runs f on consecutive ranges of [0, n), of `grain` each: in parallel if the product is worth it.
template <class F>
void for_each_task(double work, int64_t n, int64_t grain, F&& f,
                   Sharing sharing = Sharing::blocks) {
  const auto run = [&](int64_t t) { f(Range{t * grain, std::min(n, (t + 1) * grain)}); };
  const int64_t tasks = ceil_div(n, grain);
  if (tasks == 1 || work < kMinParallel) {
    for (int64_t t = 0; t < tasks; ++t) run(t);
  } else {
    parallel_chunks(tasks, run, sharing);
  }
}

// Size of a task along an extent of n that costs `work` in all: about `tasks` tasks, in whole
// tiles, not so small that handing them out would show.
inline int64_t task_size(double work, int64_t n, int64_t tile, int64_t tasks = 32) {
  if (work < kMinParallel) return std::max<int64_t>(n, 1);
  const auto least = static_cast<int64_t>(kMinParallel / 2 / work * static_cast<double>(n));
  return std::max(round_up(ceil_div(n, std::max<int64_t>(tasks, 1)), tile),
                  round_up(least + 1, tile));
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
