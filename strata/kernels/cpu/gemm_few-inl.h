// Products with few rows and a right factor that can be read in vectors: each panel of it is read
// once from memory and serves all rows at once. Included once per instruction set.
#if defined(STRATA_KERNELS_CPU_GEMM_FEW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_FEW_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_FEW_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_FEW_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <hwy/highway.h>

#include "strata/kernels/cpu/gemm_drive-inl.h"
#include "strata/kernels/cpu/gemm_problem.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// Up to this many rows, panels of the right factor are packed where they are used.
inline constexpr int64_t kFewRows = 192;
// Steps of k between two visits to C.
inline constexpr int64_t kFewRowsDepth = kLanes > 8 ? 1024 : 512;

// The left factor of a task: reading rows in place costs nothing but cache lines that lie apart,
// and columns in place as little if they are short; packing costs a fixed time per number, which
// many panels repay.
template <class T>
LeftView left_of_few(const GemmProblem<T>& p, const KStep& ks, int64_t panels) {
  if constexpr (std::is_same_v<T, float>) {
    const bool in_rows = p.left.k_step == 1, dense = p.left.k_step <= kTileColumns;
    if (panels < (in_rows ? 64 : dense ? 1024 : 4)) return view_left(p, ks, {0, p.m});
  }
  float* packed = gemm_buffers().left.get(round_up(p.m, kTileRows) * ks.depth);
  for (int64_t i = 0; i < p.m; i += kTileRows) pack_left(p, ks, i, packed + i * ks.depth);
  return {packed, ks.depth, kTileRows, false};
}

// Panel by panel.
template <class T>
void panels_task(const GemmProblem<T>& p, int64_t depth, Range columns) {
  for_each_k_step(p.k, depth, [&](const KStep& ks) HWY_ATTR {
    const Tiles<T> tiles(p, ks, left_of_few(p, ks, ceil_div(columns.size(), kTileColumns)),
                         {0, p.m});
    float* packed = gemm_buffers().panel.get(kTileColumns * ks.depth);
    for (int64_t first = columns.begin; first < columns.end; first += kTileColumns) {
      const int64_t j = panel_begin(p, ks, columns, first);
      RightPanel panel = {packed, panel_width(p.n, j)};
      Ahead ahead = tiles.nothing();
      float* copy = nullptr;
      bool in_place = false;
      if constexpr (std::is_same_v<T, float>) {
        const int64_t missing = panel.step - std::min(p.n - j, panel.step);
        // Too few tiles to repay a copy, or the first of them makes it.
        const bool no_copy = p.m <= 4 * kTileRows;
        if (no_copy) {
          // Beyond the last column stands the next row, if there is one.
          in_place = missing == 0 || (!ks.last && missing <= p.right.k_step);
        } else {
          in_place = p.n - j >= kTileColumns && is_direct(p) && p.m >= kTileRows;
        }
        if (in_place) {
          const float* data = p.right.data + j + ks.begin * p.right.k_step;
          panel = {data, p.right.k_step};
          if (!no_copy) copy = packed;
          ahead = rows_ahead(data, p.right.k_step, ks.depth);
        }
      }
      if (!in_place) pack_right(p, ks, j, packed);
      for (int64_t i = 0; i < p.m; i += kTileRows) {
        tiles.compute(i, j, panel, i == 0 ? ahead : tiles.nothing(), copy);
        if (copy) {
          panel = {copy, kTileColumns};
          copy = nullptr;
        }
      }
    }
  });
}

// Floats of a right factor that stays in the first cache.
inline constexpr int64_t kSmallRight = 8192;

// Whether storing the sums decides, of a right factor whose rows are read in place. Longer sums are
// of use only where all of it is at hand.
inline bool is_flat(const GemmProblem<float>& p) {
  constexpr int64_t kFlatSum = 32;
  return HWY_TARGET <= HWY_AVX3 && (p.k <= kFlatSum || p.n * p.k <= kSmallRight) &&
         p.n >= kFlatColumns && p.right.lane_step == 1 && is_direct(p);
}

inline void flat_task(const GemmProblem<float>& p, Range columns) {
  const KStep ks = {0, p.k, true, true};
  const LeftView left = view_left(p, ks, {0, p.m});
  const TileOutput<float> out = output_at(p, ks, 0, 0);
  const float* addend = out.beta != 0 ? out.addend : nullptr;
  const auto tile = [&](int64_t i, int64_t j) HWY_ATTR {
    const int64_t rows = std::min<int64_t>(kFlatRows, p.m - i), at = i * p.ld + j;
    flat_tile_function(rows, left.rows)(
        p.k, left.data + i * left.row_step, left.tile_step, p.right.data + j, p.right.k_step,
        {out.c + at, p.ld, addend ? addend + at : nullptr, out.bias ? out.bias + j : nullptr,
         out.activation == Activation::relu},
        {});
  };
  const int64_t end = columns.begin + columns.size() / kFlatColumns * kFlatColumns;
  if (columns.size() * p.k <= kSmallRight) {
    for (int64_t i = 0; i < p.m; i += kFlatRows) {
      for (int64_t j = columns.begin; j < end; j += kFlatColumns) tile(i, j);
    }
  } else {
    for (int64_t j = columns.begin; j < end; j += kFlatColumns) {
      for (int64_t i = 0; i < p.m; i += kFlatRows) tile(i, j);
    }
  }
  if (end < columns.end) panels_task(p, p.k, {end, columns.end});
}

// Some columns of a product with few rows.
template <class T>
void few_rows_task(const GemmProblem<T>& p, int64_t depth, Range columns) {
  if constexpr (std::is_same_v<T, float>) {
    if (is_flat(p)) return flat_task(p, columns);
  }
  panels_task(p, depth, columns);
}

template <class T>
void few_rows(const GemmProblem<T>& p) {
  const double work = static_cast<double>(p.m) * static_cast<double>(p.n * p.k);
  const int64_t depth = step_depth<T>(p.k, kFewRowsDepth);
  for_each_task(work, p.n, p.shared_out ? p.n : task_size(work, p.n, kTileColumns, 16),
                [&](Range columns) HWY_ATTR { few_rows_task(p, depth, columns); });
}

// Whether the result is a single panel, one vector wide: higher tiles suit it.
inline bool is_narrow(const GemmProblem<float>& p) {
  return p.n <= kLanes && p.m > kTileRows && p.m <= kFewRows && is_direct(p) &&
         p.left.k_step <= kTileColumns;
}

// Tiles of equal height over some rows of a narrow result.
inline void narrow_task(const GemmProblem<float>& p, Range rows) {
  constexpr int64_t kDepth = 512;  // of a panel that stays in the first cache
  const int64_t height = ceil_div(rows.size(), ceil_div(rows.size(), kNarrowRows));
  for_each_k_step(p.k, step_depth<float>(p.k, kDepth), [&](const KStep& ks) HWY_ATTR {
    RightPanel panel = {p.right.data + ks.begin * p.right.k_step, p.right.k_step};
    if (p.right.lane_step != 1 || p.n < kLanes) {
      float* packed = gemm_buffers().panel.get(kLanes * ks.depth);
      pack_right(p, ks, 0, packed);
      panel = {packed, kLanes};
    }
    for (int64_t i = rows.begin; i < rows.end; i += height) {
      const LeftView left = view_left(p, ks, {i, rows.end});
      const TileOutput<float> out = output_at(p, ks, i, 0);
      const TileFunction product = tile_function(std::min(height, rows.end - i), 1, left.rows);
      product(ks.depth, left.data, left.tile_step, panel.data, panel.step,
              {out.c, out.ld, out.beta != 0 ? out.addend : nullptr, out.bias,
               out.activation == Activation::relu, nullptr, p.n % kLanes},
              {left.data});
    }
  });
}

inline void narrow_product(const GemmProblem<float>& p) {
  constexpr double kTaskWork = 1e6;  // multiplications: each task packs the right factor anew
  const double work = static_cast<double>(p.m) * static_cast<double>(p.n * p.k);
  const auto tasks =
      p.shared_out ? 1 : std::max<int64_t>(static_cast<int64_t>(work / kTaskWork), 1);
  for_each_task(work, p.m, ceil_div(p.m, tasks),
                [&](Range rows) HWY_ATTR { narrow_task(p, rows); });
}

// Sums so short that nothing is repaid by packing the right factor for all: each task does some
// rows of the product as if they were few.
inline constexpr int64_t kShortSum = 128;

inline void short_sums(const GemmProblem<float>& p) {
  // Multiplications of a task, and the most rows: as tall as the second cache allows, because each
  // task reads the whole right factor.
  constexpr double kWork = 6e6;
  constexpr int64_t kMostRows = 44 * kTileRows;
  const double work = static_cast<double>(p.m) * static_cast<double>(p.n * p.k);
  const auto pairs = static_cast<int64_t>(std::clamp(work / kWork / 2, 0.0, 8.0));
  const int64_t tasks = p.shared_out ? 1 : std::max<int64_t>(2 * pairs, 1);
  const int64_t height = round_up(ceil_div(p.m, tasks), kTileRows);
  for_each_task(work, p.m, std::min(height, kMostRows), [&](Range rows) HWY_ATTR {
    GemmProblem<float> q = p;
    q.m = rows.size();
    q.left.data += rows.begin * p.left.lane_step;
    q.c += rows.begin * p.ld;
    q.addend += rows.begin * p.ld;
    few_rows_task(q, q.k, {0, q.n});
  });
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
