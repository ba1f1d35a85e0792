// Products of bf16 on the processor's tile registers, where it has them (see amx.h): both factors
// are packed into tiles, then blocks of sums computed. Included once per instruction set.
#if defined(STRATA_KERNELS_CPU_GEMM_AMX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_AMX_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_AMX_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_AMX_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

#include "strata/kernels/cpu/amx.h"
#include "strata/kernels/cpu/gemm_drive-inl.h"
#include "strata/kernels/cpu/gemm_many-inl.h"
#include "strata/kernels/cpu/gemm_problem.h"
#include "strata/kernels/cpu/part-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// Rows of a tile of `count` numbers each, zeros behind: rows of memory as they are.
HWY_INLINE void copy_rows(const bfloat16* from, int64_t step, int64_t rows, int64_t count,
                          float* to) {
  constexpr int64_t kAhead = 4 * amx::kTileDepth;  // too many rows for the processor to foresee
  const hn::ScalableTag<uint16_t> d;
  for (int64_t r = 0; r < rows; ++r) {
    const auto* row = reinterpret_cast<const uint16_t*>(from + r * step);
    __builtin_prefetch(row + kAhead);
    hn::Store(hn::BitCast(F32(), part::load(d, row, count)), F32(), to + r * kLanes);
  }
  for (int64_t r = rows; r < amx::kTileLanes; ++r) {
    hn::Store(hn::Zero(F32()), F32(), to + r * kLanes);
  }
}

// The same where a row of the tile is two rows of memory, whose numbers become pairs.
HWY_INLINE void join_rows(const bfloat16* from, int64_t step, int64_t rows, int64_t count,
                          float* to) {
  const hn::RebindToUnsigned<F32> d;
  const hn::Rebind<uint16_t, F32> narrow;
  const auto row = [&](int64_t r) HWY_ATTR {
    if (r >= rows) return hn::Zero(d);
    const auto* numbers = reinterpret_cast<const uint16_t*>(from + r * step);
    return hn::PromoteTo(d, part::load(narrow, numbers, count));
  };
  for (int64_t r = 0; r < amx::kTileDepth; r += 2, to += kLanes) {
    const auto pairs = hn::Or(row(r), hn::ShiftLeft<16>(row(r + 1)));
    hn::Store(hn::BitCast(F32(), pairs), F32(), to);
  }
}

// Rows of pairs become columns.
HWY_INLINE void turn_tile(const float* HWY_RESTRICT from, float* HWY_RESTRICT to) {
  const float* row[16];
  for (int64_t r = 0; r < 16; ++r) row[r] = from + r * kLanes;
  for (int64_t p = 0; p < 16; p += 4, to += 4 * kLanes) {
    VRows a = load_rows(row, p), b = load_rows(row + 1, p);
    VRows c = load_rows(row + 2, p), d = load_rows(row + 3, p);
    transpose4(a, b, c, d);
    hn::Store(a, Rows(), to);
    hn::Store(b, Rows(), to + kLanes);
    hn::Store(c, Rows(), to + 2 * kLanes);
    hn::Store(d, Rows(), to + 3 * kLanes);
  }
}

// The tile at `from` of a factor: so many lanes and numbers along k, zeros beyond. `rows_of_lanes`
// says which way it lies, see amx.h.
inline void pack_tile(const GemmSide<bfloat16>& from, int64_t lanes, int64_t k, bool rows_of_lanes,
                      float* to) {
  const bool in_sequence = from.k_step == 1, turns = in_sequence != rows_of_lanes;
  HWY_ALIGN float other_way[amx::kTileFloats];
  float* tile = turns ? other_way : to;
  if (in_sequence) {
    copy_rows(from.data, from.lane_step, lanes, k, tile);
  } else {
    join_rows(from.data, from.k_step, k, lanes, tile);
  }
  if (turns) turn_tile(tile, to);
}

// A factor, or some lanes of it, as it is packed: in blocks of lanes, of each all steps of k.
struct TiledFactor {
  GemmSide<bfloat16> side;
  Range lanes;
  int64_t k;
  bool rows_of_lanes;

  int64_t steps() const { return ceil_div(k, amx::kTileDepth); }
  int64_t blocks() const { return ceil_div(lanes.size(), amx::kBlockLanes); }
  int64_t all_steps() const { return blocks() * steps(); }
};

// Lanes of so many numbers along k, in whole blocks, that `most` numbers make.
inline int64_t lanes_within(int64_t most, int64_t k) {
  return std::max<int64_t>(most / k / amx::kBlockLanes, 1) * amx::kBlockLanes;
}

// The steps of a factor that come `part` in the order of its memory, each to its place in `to`.
inline void pack_steps(const TiledFactor& from, Range part, float* to) {
  const GemmSide<bfloat16>& side = from.side;
  const int64_t steps = from.steps(), blocks = from.blocks();
  for (int64_t s = part.begin; s < part.end; ++s) {
    const int64_t block = side.k_step == 1 ? s / steps : s % blocks;
    const int64_t step = side.k_step == 1 ? s % steps : s / blocks;
    const int64_t begin = from.lanes.begin + block * amx::kBlockLanes, p = step * amx::kTileDepth;
    const int64_t end = std::min(from.lanes.end, begin + amx::kBlockLanes);
    float* tile = to + (block * steps + step) * amx::kStepFloats;
    for (int64_t lane = begin; lane < end; lane += amx::kTileLanes, tile += amx::kTileFloats) {
      const bfloat16* data = side.data + lane * side.lane_step + p * side.k_step;
      pack_tile({data, side.lane_step, side.k_step}, std::min(amx::kTileLanes, end - lane),
                std::min(amx::kTileDepth, from.k - p), from.rows_of_lanes, tile);
    }
  }
}

// Packs a factor by all threads.
inline const float* pack_factor(const TiledFactor& from, GemmBuffer& buffer) {
  constexpr int64_t kTaskSteps = 64;
  const int64_t all = from.all_steps();
  const int64_t grain = std::max(ceil_div(all, 4 * kTasks), kTaskSteps);
  float* packed = buffer.get(all * amx::kStepFloats);
  parallel_chunks(ceil_div(all, grain), [&](int64_t task) HWY_ATTR {
    pack_steps(from, {task * grain, std::min(all, (task + 1) * grain)}, packed);
  });
  return packed;
}

// Some rows and columns of a product, in one step of k.
struct AmxPart {
  KStep ks;
  TiledFactor left, right;
  const float* packed_left;  // null: each task packs the rows that it needs
  const float* packed_right;
  float* sums;  // blocks side by side, then those below; null if k is one step
};

// The results in `rows` and `columns` of the part, with the factors as they are packed for them.
inline void multiply_packed(const GemmProblem<bfloat16>& p, const AmxPart& part, Range rows,
                            const float* left, Range columns, const float* right) {
  HWY_ALIGN float own_sums[amx::kBlockFloats];
  const KStep whole = {0, p.k, true, true};
  const int64_t steps = part.left.steps(), block = steps * amx::kStepFloats;
  const int64_t blocks_across = ceil_div(p.n, amx::kBlockLanes);
  for (int64_t i = rows.begin; i < rows.end; i += amx::kBlockLanes, left += block) {
    const int64_t down = std::min(amx::kBlockLanes, rows.end - i);
    const int64_t above = (i - part.left.lanes.begin) / amx::kBlockLanes * blocks_across;
    const float* passing = right;
    for (int64_t j = columns.begin; j < columns.end; j += amx::kBlockLanes, passing += block) {
      const int64_t across = std::min(amx::kBlockLanes, columns.end - j);
      float* sums =
          part.sums ? part.sums + (above + j / amx::kBlockLanes) * amx::kBlockFloats : own_sums;
      amx::multiply_block(left, passing, steps, down, across, !part.ks.first, sums);
      if (part.ks.last) {
        store_block(sums, amx::kBlockLanes, down, across, output_at(p, whole, i, j));
      }
    }
  }
}

// The same, some rows at a time: as many as stay in the second cache beside a strip of columns.
inline void amx_task(const GemmProblem<bfloat16>& p, const AmxPart& part, Range rows,
                     Range columns) {
  constexpr int64_t kPassing = int64_t{128} << 10;  // numbers of the left factor
  const amx::TileScope tiles;
  const int64_t lane_floats = part.left.steps() * amx::kTileDepth / 2;
  const float* right = part.packed_right + (columns.begin - part.right.lanes.begin) * lane_floats;
  const int64_t height = lanes_within(kPassing, part.left.k);
  for (int64_t i = rows.begin; i < rows.end; i += height) {
    TiledFactor left = part.left;
    left.lanes = {i, std::min(rows.end, i + height)};
    const float* packed = nullptr;
    if (part.packed_left) {
      packed = part.packed_left + (i - part.left.lanes.begin) * lane_floats;
    } else {
      float* own = gemm_buffers().panel.get(left.all_steps() * amx::kStepFloats);
      pack_steps(left, {0, left.all_steps()}, own);
      packed = own;
    }
    multiply_packed(p, part, left.lanes, packed, columns, right);
  }
}

// All of the part, in tasks of blocks of rows; of few rows, in strips of columns too.
inline void compute_part(const GemmProblem<bfloat16>& p, const AmxPart& part) {
  constexpr double kTaskWork = 4e6;
  const Range rows = part.left.lanes, columns = part.right.lanes;
  const double work =
      static_cast<double>(rows.size() * columns.size()) * static_cast<double>(part.left.k);
  const auto tasks = std::clamp<int64_t>(static_cast<int64_t>(work / kTaskWork), 1, kTasks);
  const int64_t height = round_up(ceil_div(rows.size(), tasks), amx::kBlockLanes);
  const int64_t blocks = ceil_div(rows.size(), height);
  const int64_t width =
      round_up(ceil_div(columns.size(), ceil_div(tasks, blocks)), amx::kBlockLanes);
  parallel_chunks(blocks * ceil_div(columns.size(), width), [&](int64_t task) HWY_ATTR {
    const int64_t i = rows.begin + task % blocks * height;
    const int64_t j = columns.begin + task / blocks * width;
    amx_task(p, part, {i, std::min(rows.end, i + height)}, {j, std::min(columns.end, j + width)});
  });
}

// Some rows of the product. Sums that take several steps of k wait in f32 for their last one.
inline void amx_rows(const GemmProblem<bfloat16>& p, int64_t depth, Range rows) {
  // Numbers of the right factor that stay in the second cache while rows of the left one pass by.
  constexpr int64_t kStrip = int64_t{640} << 10;
  GemmBuffers& buffers = gemm_buffers();
  const int64_t blocks = ceil_div(rows.size(), amx::kBlockLanes) * ceil_div(p.n, amx::kBlockLanes);
  float* sums = depth < p.k ? buffers.partial.get(blocks * amx::kBlockFloats) : nullptr;
  const int64_t strips = ceil_div(p.n, lanes_within(kStrip, depth));
  const int64_t width = round_up(ceil_div(p.n, strips), amx::kBlockLanes);
  for_each_k_step(p.k, depth, [&](const KStep& ks) HWY_ATTR {
    const GemmProblem<bfloat16> q = part_along_k(p, ks);
    AmxPart part = {ks, {q.left, rows, q.k, true}, {q.right, {}, q.k, false}, {}, {}, sums};
    // Rows along k are copied where they are used; to turn columns costs more than to fetch them.
    if (p.left.k_step != 1) part.packed_left = pack_factor(part.left, buffers.left);
    for (int64_t j = 0; j < p.n; j += width) {
      part.right.lanes = {j, std::min(p.n, j + width)};
      part.packed_right = pack_factor(part.right, buffers.right);
      compute_part(p, part);
    }
  });
}

// The product, or false where tiles are not there or, for the smallest ones, would not pay.
inline bool amx_product(const GemmProblem<bfloat16>& problem) {
  constexpr int64_t kLeastWork = 8192;
  if (problem.m * problem.n * problem.k < kLeastWork || !amx::is_usable()) return false;
  // Numbers along k between two visits to a sum; numbers of rows that are kept packed, or as sums.
  constexpr int64_t kDepth = 2048, kKept = int64_t{4} << 20;
  const GemmProblem<bfloat16> p = problem.turned ? problem.swapped() : problem;
  const int64_t depth = round_up(ceil_div(p.k, ceil_div(p.k, kDepth)), amx::kTileDepth);
  const int64_t kept = std::max(p.left.k_step == 1 ? 1 : depth, depth < p.k ? p.n : 1);
  const int64_t rounds = ceil_div(p.m, lanes_within(kKept, kept));
  const int64_t height = round_up(ceil_div(p.m, rounds), amx::kBlockLanes);
  for (int64_t i = 0; i < p.m; i += height) {
    amx_rows(p, std::min(depth, p.k), {i, std::min(p.m, i + height)});
  }
  return true;
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
