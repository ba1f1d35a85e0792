#include <cstddef>
#include <new>

#include <sys/mman.h>

#include "strata/kernels/cpu/gemm_problem.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/gemm_packed.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "strata/kernels/cpu/gemm_amx-inl.h"
#include "strata/kernels/cpu/gemm_few-inl.h"
#include "strata/kernels/cpu/gemm_many-inl.h"
#include "strata/kernels/cpu/gemm_small-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// From this many rows on, packing the right factor costs nothing beside passing over C in order.
inline constexpr int64_t kTallRows = 2048;
// Not where sums are this short: C takes the time.
inline constexpr int64_t kTallSum = 32;

// Whether the left factor is cheaper to read in vectors than the right one. With many rows
// transposing costs little, and less than to transpose C on the way out.
template <class T>
bool suits_swapped(const GemmProblem<T>& p) {
  const bool left_turns = p.left.lane_step != 1, right_turns = p.right.lane_step != 1;
  return right_turns && p.m <= kFewRows && (!left_turns || p.n > p.m);
}

template <class T>
void whole_product(const GemmProblem<T>& p) {
  if constexpr (std::is_same_v<T, float>) {
    if (is_narrow(p)) return narrow_product(p);
  }
  if (p.m <= kFewRows && p.right.lane_step == 1) {
    return few_rows(p);
  }
  if constexpr (std::is_same_v<T, float>) {
    if (p.turned && p.left.k_step == 1) return turned_rows(p);
    const bool tall = p.m >= kTallRows && p.left.k_step == 1 && p.k > kTallSum;
    if (!p.turned && p.right.lane_step == 1 && p.k <= kShortSum && !tall) return short_sums(p);
  }
  many_rows(p);
}

// Whether both factors lie in the order of k, as for the gradients of weights.
bool is_in_sequence(const GemmProblem<float>& p) {
  return p.left.lane_step == 1 && p.right.lane_step == 1;
}

// Whether the result is small enough to be had once for each range of a long sum. Factors in the
// order of k are then read once and in sequence.
bool has_long_sums(const GemmProblem<float>& p) {
  constexpr int64_t kSmall = 8192, kInSequence = (kLanes > 8 ? 128 : 64) << 10;
  return p.k >= 4096 && p.m * p.n <= (is_in_sequence(p) ? kInSequence : kSmall);
}

// A small result of a long sum: ranges of k in parallel, added up in order.
void long_product(const GemmProblem<float>& problem) {
  const bool in_sequence = is_in_sequence(problem);
  const bool swaps = in_sequence && problem.m > problem.n;  // the shorter one is packed
  const GemmProblem<float> p = swaps ? problem.swapped() : problem;
  constexpr int64_t kLongStep = 512;  // both factors stay in the second cache
  const int64_t parts = std::min<int64_t>(16, p.k / 1024);
  const int64_t depth = round_up(ceil_div(p.k, parts), 4);
  float* partials = gemm_buffers().partial.get(parts * p.m * p.n);
  parallel_chunks(parts, [&](int64_t part) {
    const Range k = {std::min(p.k, part * depth), std::min(p.k, (part + 1) * depth)};
    const GemmProblem<float> q = part_of(p, k, partials + part * p.m * p.n);
    if (in_sequence) {
      few_rows_task(q, step_depth<float>(q.k, kLongStep), {0, q.n});
    } else {
      whole_product(q);
    }
  });
  store_partials(p, partials, parts);
}

template <class T>
void large_product(const GemmProblem<T>& p) {
  if constexpr (std::is_same_v<T, float>) {
    if (has_long_sums(p)) return long_product(p);
  }
  whole_product(p);
}

template <class T>
void product(const GemmProblem<T>& p) {
  if constexpr (std::is_same_v<T, float>) {
    if (small_product(p)) return;
  }
  if constexpr (std::is_same_v<T, bfloat16> && HWY_TARGET <= HWY_AVX3) {
    if (amx_product(p)) return;
  }
  suits_swapped(p) ? large_product(p.swapped()) : large_product(p);
}

void product_f32(const GemmProblem<float>& p) { product(p); }
void product_bf16(const GemmProblem<bfloat16>& p) { product(p); }
void product_f16(const GemmProblem<float16>& p) { product(p); }

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(product_f32);
HWY_EXPORT(product_bf16);
HWY_EXPORT(product_f16);

void GemmBuffer::grow(int64_t count) {
  // Large buffers on large pages: a tile's reads would wait for the translation of small ones.
  constexpr size_t kLine = 64, kHugePage = size_t{2} << 20;
  const size_t bytes = static_cast<size_t>(count) * sizeof(float);
  const size_t align = bytes >= kHugePage / 16 ? kHugePage : kLine;
  const size_t rounded = (bytes + align - 1) / align * align;
  floats_.reset();
  count_ = 0;
  floats_.reset(static_cast<float*>(std::aligned_alloc(align, rounded)));
  if (!floats_) throw std::bad_alloc();
  if (align == kHugePage) madvise(floats_.get(), rounded, MADV_HUGEPAGE);
  count_ = static_cast<int64_t>(rounded / sizeof(float));
}

GemmBuffers& gemm_buffers() {
  thread_local GemmBuffers buffers;
  return buffers;
}

template <>
void gemm_packed(const GemmProblem<float>& p) {
  HWY_DYNAMIC_DISPATCH(product_f32)(p);
}
template <>
void gemm_packed(const GemmProblem<bfloat16>& p) {
  HWY_DYNAMIC_DISPATCH(product_bf16)(p);
}
template <>
void gemm_packed(const GemmProblem<float16>& p) {
  HWY_DYNAMIC_DISPATCH(product_f16)(p);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
