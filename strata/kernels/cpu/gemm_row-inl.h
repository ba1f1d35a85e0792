// One row times a matrix whose rows lie in sequence: the step of a network that writes one token
// after another, which costs the time of reading the matrix. Included once per instruction set.
#if defined(STRATA_KERNELS_CPU_GEMM_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_ROW_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_ROW_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_ROW_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

#include "strata/kernels/cpu/gemm_drive-inl.h"
#include "strata/kernels/cpu/gemm_problem.h"
#include "strata/kernels/cpu/gemm_store-inl.h"
#include "strata/kernels/cpu/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// Adds up the partial results of `parts` ranges of k, [m, n] each, in order, and stores them.
inline void store_partials(const GemmProblem<float>& p, const float* partials, int64_t parts) {
  const F32 d;
  // A row that stands in a column of C is stored sum by sum, each read with a whole vector.
  HWY_ALIGN float sums[kTileColumns + kLanes];
  for (int64_t i = 0; i < p.m; ++i) {
    for (int64_t j = 0; j < p.n; j += kTileColumns) {
      const int64_t columns = std::min<int64_t>(kTileColumns, p.n - j);
      std::memset(sums, 0, sizeof(sums));
      for (int64_t part = 0; part < parts; ++part) {
        const float* from = partials + (part * p.m + i) * p.n + j;
        int64_t c = 0;
        for (; c + kLanes <= columns; c += kLanes) {
          hn::Store(hn::Add(hn::Load(d, sums + c), hn::LoadU(d, from + c)), d, sums + c);
        }
        for (; c < columns; ++c) sums[c] += from[c];
      }
      store_sums(p, sums, kTileColumns, i, 1, j, columns);
    }
  }
}

// Memory is read by that many streams at once, far apart and each in sequence, which brings half
// again as much as one stream does.
inline constexpr int kStreams = 8;

// sums[j] += sum over k of left[k * left_step] * right[k * right_step + j] for j in [0, n), the
// rows of the right side in kCount ranges of `k / kCount` at a time.
template <int kCount, class T>
void add_streams(int64_t k, int64_t n, const float* left, int64_t left_step,
                 const T* HWY_RESTRICT right, int64_t right_step, float* HWY_RESTRICT sums) {
  constexpr int64_t kLine = 64 / sizeof(T);
  const F32 d;
  const int64_t length = k / kCount;
  for (int64_t p = 0; p < length; ++p) {
    V32 x[kCount];
    const T* row[kCount];
    for (int r = 0; r < kCount; ++r) {
      x[r] = hn::Set(d, left[(p + r * length) * left_step]);
      row[r] = right + (p + r * length) * right_step;
    }
    int64_t j = 0;
    for (; j + kLine <= n; j += kLine) {
      HWY_UNROLL(8)
      for (int64_t v = j; v < j + kLine; v += kLanes) {
        V32 s = hn::LoadU(d, sums + v);
        HWY_UNROLL(8)
        for (int r = 0; r < kCount; ++r) s = hn::MulAdd(x[r], load_floats(d, row[r] + v), s);
        hn::StoreU(s, d, sums + v);
      }
    }
    for (; j < n; ++j) {
      for (int r = 0; r < kCount; ++r) {
        sums[j] += left[(p + r * length) * left_step] * static_cast<float>(row[r][j]);
      }
    }
  }
}

// The same for any number of rows.
template <class T>
void add_rows(int64_t k, int64_t n, const float* left, int64_t left_step, const T* right,
              int64_t right_step, float* sums) {
  const int64_t whole = k / kStreams * kStreams;
  add_streams<kStreams>(whole, n, left, left_step, right, right_step, sums);
  add_streams<1>(k - whole, n, left + whole * left_step, left_step, right + whole * right_step,
                 right_step, sums);
}

// The product of a problem with m == 1, whose right factor is `right`, its rows in sequence and
// p.right.k_step apart: each task reads some whole rows, or wide pieces of them.
template <class T>
void row_times_matrix(const GemmProblem<float>& p, const T* right) {
  constexpr int64_t kColumns = 4096, kMostParts = 8, kLeast = (256 << 10) / sizeof(T);
  const int64_t blocks = ceil_div(p.n, kColumns);
  const int64_t parts =
      std::clamp<int64_t>(p.k * std::min(p.n, kColumns) / kLeast, 1, ceil_div(kMostParts, blocks));
  // Of many parts the later half are a third as long, so that all threads end at about one time.
  const int64_t early = parts == kMostParts ? parts / 2 : parts;
  const int64_t unit = round_up(ceil_div(p.k, parts == kMostParts ? 2 * parts : parts), kStreams);
  const auto begin_of = [&](int64_t part) {
    const int64_t units = part <= early ? part * (parts == kMostParts ? 3 : 1) : 2 * early + part;
    return std::min(p.k, units * unit);
  };
  float* partials = gemm_buffers().partial.get(parts * p.n);
  for_each_task(4.0 * static_cast<double>(p.n * p.k), blocks * parts, 1, [&](Range task) HWY_ATTR {
    const int64_t part = task.begin / blocks, j = task.begin % blocks * kColumns;
    const int64_t k = begin_of(part), k_end = part + 1 == parts ? p.k : begin_of(part + 1);
    const int64_t columns = std::min(kColumns, p.n - j);
    float* sums = partials + part * p.n + j;
    std::memset(sums, 0, static_cast<size_t>(columns) * sizeof(float));
    add_rows(k_end - k, columns, p.left.data + k * p.left.k_step, p.left.k_step,
             right + k * p.right.k_step + j, p.right.k_step, sums);
  });
  store_partials(p, partials, parts);
}

// sums[i] = dot product of left and the row right + i * right_step, for i in [0, kStreams).
template <class T>
void dot_streams(int64_t k, const float* HWY_RESTRICT left, const T* HWY_RESTRICT right,
                 int64_t right_step, float* HWY_RESTRICT sums) {
  const F32 d;
  V32 acc[kStreams];
  for (V32& a : acc) a = hn::Zero(d);
  int64_t p = 0;
  for (; p + kLanes <= k; p += kLanes) {
    const V32 x = hn::LoadU(d, left + p);
    for (int i = 0; i < kStreams; ++i) {
      acc[i] = hn::MulAdd(x, load_floats(d, right + i * right_step + p), acc[i]);
    }
  }
  if (p < k) {
    const V32 x = load_first(d, left + p, k - p);
    for (int i = 0; i < kStreams; ++i) {
      acc[i] = hn::MulAdd(x, load_first(d, right + i * right_step + p, k - p), acc[i]);
    }
  }
  for (int i = 0; i < kStreams; ++i) sums[i] = hn::GetLane(hn::SumOfLanes(d, acc[i]));
}

// The product of a problem with m == 1, both of whose factors have k in sequence; the right one is
// `right`. A block's rows are read in kStreams ranges.
template <class T>
void row_times_rows(const GemmProblem<float>& p, const T* right) {
  constexpr int64_t kBlock = 64 * kStreams;
  const int64_t step = p.right.lane_step;
  const double work = static_cast<double>(p.n) * static_cast<double>(p.k);
  for_each_task(work, p.n, task_size(work, p.n, kStreams, 16), [&](Range columns) HWY_ATTR {
    HWY_ALIGN float sums[kBlock + kLanes] = {};
    HWY_ALIGN float some[kStreams];
    for (int64_t begin = columns.begin; begin < columns.end; begin += kBlock) {
      const int64_t count = std::min(kBlock, columns.end - begin), length = count / kStreams;
      for (int64_t j = 0; j < length; ++j) {
        dot_streams(p.k, p.left.data, right + (begin + j) * step, length * step, some);
        for (int i = 0; i < kStreams; ++i) sums[i * length + j] = some[i];
      }
      for (int64_t j = length * kStreams; j < count; ++j) {
        dot_sums<1, 1>(p.k, p.left.data, 0, right + (begin + j) * step, 0, sums + j, 0);
      }
      store_sums(p, sums, kBlock, 0, 1, begin, count);
    }
  });
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
