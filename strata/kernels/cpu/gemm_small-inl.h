// Products of few rows or columns, straight from where the factors lie. Included once per
// instruction set.
#if defined(STRATA_KERNELS_CPU_GEMM_SMALL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_SMALL_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_SMALL_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_SMALL_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

#include "strata/kernels/cpu/gemm_drive-inl.h"
#include "strata/kernels/cpu/gemm_problem.h"
#include "strata/kernels/cpu/gemm_row-inl.h"
#include "strata/kernels/cpu/gemm_store-inl.h"
#include "strata/kernels/cpu/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// Rows against rows: both factors have k in sequence. `right` is the problem's right factor, of
// this or a narrower type.
template <class T>
void dot_task(const GemmProblem<float>& p, const T* right, Range columns) {
  constexpr int64_t kBlock = 48;  // columns between two visits to C
  HWY_ALIGN float sums[kDotRows * kBlock + kLanes] = {};
  for (int64_t begin = columns.begin; begin < columns.end; begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, columns.end);
    for (int64_t i = 0; i < p.m; i += kDotRows) {
      const int64_t rows = std::min<int64_t>(kDotRows, p.m - i);
      for (int64_t j = begin, count; j < end; j += count) {
        count = std::min<int64_t>(end - j, kDotColumns);
        dot_function<T>(rows, count)(p.k, p.left.data + i * p.left.lane_step, p.left.lane_step,
                                     right + j * p.right.lane_step, p.right.lane_step,
                                     sums + (j - begin), kBlock);
      }
      store_sums(p, sums, kBlock, i, rows, begin, end - begin);
    }
  }
}

template <class T>
void dots(const GemmProblem<float>& p, const T* right) {
  if (p.m == 1) return row_times_rows(p, right);
  const double work = static_cast<double>(p.m) * static_cast<double>(p.n * p.k);
  for_each_task(work, p.n, task_size(work, p.n, kDotColumns, 16),
                [&](Range columns) HWY_ATTR { dot_task(p, right, columns); });
}

// The part of a product that sums over `k` alone, into partials of its own.
inline GemmProblem<float> part_of(const GemmProblem<float>& p, Range k, float* partial) {
  GemmProblem<float> part = p;
  part.k = k.size();
  part.left.data += k.begin * p.left.k_step;
  part.right.data += k.begin * p.right.k_step;
  part.c = partial;
  part.addend = partial;
  part.ld = p.n;
  part.turned = false;
  part.bias = nullptr;
  part.alpha = 1;
  part.beta = 0;
  part.activation = Activation::none;
  return part;
}

// True if the product was small or thin enough to be done here.
inline bool small_product(const GemmProblem<float>& problem) {
  const GemmProblem<float> p = problem.n < problem.m ? problem.swapped() : problem;  // m <= n
  if (p.m == 1 && p.right.lane_step == 1 && p.right.k_step != 1) {
    row_times_matrix(p, p.right.data);
    return true;
  }
  if (p.right.k_step != 1) return false;
  if (p.m == 1 && p.left.k_step != 1) {
    // A column of a matrix: its numbers lie apart.
    float* vector = gemm_buffers().vector.get(p.k);
    for (int64_t i = 0; i < p.k; ++i) vector[i] = p.left.data[i * p.left.k_step];
    GemmProblem<float> in_sequence = p;
    in_sequence.left = {vector, p.k, 1};
    dots(in_sequence, in_sequence.right.data);
    return true;
  }
  // A tile wastes the lanes that a narrow result leaves empty, which repays reading without order;
  // but adding up the lanes of a long vector costs more than it saves.
  const bool shorter = kLanes <= 8 && p.k >= 256 && (p.m <= kLanes || (p.m < 14 && p.n <= 64));
  const bool narrow = p.m <= 4 || shorter;
  if (p.left.k_step == 1 && narrow) {
    dots(p, p.right.data);
    return true;
  }
  return false;
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
