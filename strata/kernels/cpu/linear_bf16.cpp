#include "strata/kernels/linear_bf16.h"

#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/gemm_problem.h"
#include "strata/kernels/gemm.h"
#include "strata/kernels/work_log.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/linear_bf16.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "strata/kernels/cpu/gemm_small-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

void few_rows_bf16(const GemmProblem<float>& p, const bfloat16* weights) {
  p.right.k_step == 1 ? dots(p, weights) : row_times_matrix(p, weights);
}

// `count` numbers in sequence as f32.
void widen(const bfloat16* from, int64_t count, float* to) {
  const F32 d;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(load_floats(d, from + i), d, to + i);
  for (; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(few_rows_bf16);
HWY_EXPORT(widen);

namespace {

// Up to this many rows, dot products with the weights as they are.
constexpr int64_t kMostDotRows = 16;
// Weights that a task converts at a time: their f32 values stay in the second cache.
constexpr int64_t kBlock = 64 << 10;

// The product by blocks of outputs, whose weights one thread converts and multiplies.
void convert_blocks(const Gemm<float>& g, const bfloat16* w, bool turned) {
  // Of weights that lie as [k, n] a block's pieces of rows should be long enough to be foreseen.
  const int64_t block_size = turned ? 4 * kBlock : kBlock;
  const int64_t outputs =
      std::clamp<int64_t>(block_size / std::max<int64_t>(g.k, 1) / 16, 1, turned ? 32 : 16) * 16;
  parallel_chunks((g.n + outputs - 1) / outputs, [&](int64_t task) {
    const int64_t begin = task * outputs;
    Gemm<float> part = g;
    part.n = std::min(outputs, g.n - begin);
    float* block = gemm_buffers().widened.get(part.n * g.k);
    if (turned) {
      for (int64_t k = 0; k < g.k; ++k) {
        HWY_DYNAMIC_DISPATCH(widen)(w + k * g.n + begin, part.n, block + k * part.n);
      }
      part.b = {block, part.n, false};
    } else {
      HWY_DYNAMIC_DISPATCH(widen)(w + begin * g.k, part.n * g.k, block);
      part.b = {block, g.k, true};
    }
    part.c.data += begin;
    if (part.addend) part.addend += begin;
    if (part.bias) part.bias += begin;
    gemm(part);
  });
}

}  // namespace

void linear_bf16(Cpu, const Tensor& x, const Tensor& w, const Tensor& bias, Activation activation,
                 Tensor& y) {
  Gemm<float> g;
  g.m = x.size(0);
  g.n = w.size(0);
  g.k = w.size(1);
  if (g.m == 0 || g.n == 0) return;
  g.a = {x.data<float>(), g.k, false};
  g.c = {y.data<float>(), g.n, false};
  g.bias = bias.defined() ? bias.data<float>() : nullptr;
  g.activation = activation;
  const bool turned = !w.is_contiguous();
  const LoggedWork logged({{{1, g.m, g.n, g.k, false, !turned}, 1}});
  if (g.m > (turned ? 1 : kMostDotRows)) return convert_blocks(g, w.data<bfloat16>(), turned);
  GemmProblem<float> p = {};
  p.m = g.m;
  p.n = g.n;
  p.k = g.k;
  p.left = {g.a.data, g.k, 1};
  p.right = {nullptr, turned ? 1 : g.k, turned ? g.n : 1};
  p.c = g.c.data;
  p.addend = g.addend ? g.addend : p.c;
  p.ld = g.n;
  p.bias = g.bias;
  p.alpha = 1;
  p.activation = activation;
  HWY_DYNAMIC_DISPATCH(few_rows_bf16)(p, w.data<bfloat16>());
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
