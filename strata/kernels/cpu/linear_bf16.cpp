#include "strata/kernels/linear_bf16.h"

#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/gemm_problem.h"
#include "strata/kernels/gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/linear_bf16.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "strata/kernels/cpu/gemm_small-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

void dots_bf16(const GemmProblem<float>& p, const bfloat16* weights) { dots(p, weights); }

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

HWY_EXPORT(dots_bf16);
HWY_EXPORT(widen);

namespace {

// Up to this many rows, dot products with the weights as they are.
constexpr int64_t kMostDotRows = 16;
// Weights that a task converts at a time: their f32 values stay in the second cache.
constexpr int64_t kBlock = 64 << 10;

// The product by blocks of weight rows, each converted and multiplied by one thread.
void convert_blocks(const Gemm<float>& g, const bfloat16* w) {
  const int64_t rows = std::clamp<int64_t>(kBlock / std::max<int64_t>(g.k, 1) / 16, 1, 16) * 16;
  parallel_chunks((g.n + rows - 1) / rows, [&](int64_t task) {
    const int64_t begin = task * rows;
    Gemm<float> part = g;
    part.n = std::min(rows, g.n - begin);
    float* block = gemm_buffers().widened.get(part.n * g.k);
    HWY_DYNAMIC_DISPATCH(widen)(w + begin * g.k, part.n * g.k, block);
    part.b = {block, g.k, true};
    part.c.data += begin;
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
  if (g.m > kMostDotRows) return convert_blocks(g, w.data<bfloat16>());
  GemmProblem<float> p = {};
  p.m = g.m;
  p.n = g.n;
  p.k = g.k;
  p.left = {g.a.data, g.k, 1};
  p.right = {nullptr, g.k, 1};
  p.c = g.c.data;
  p.ld = g.n;
  p.bias = g.bias;
  p.alpha = 1;
  p.activation = activation;
  HWY_DYNAMIC_DISPATCH(dots_bf16)(p, w.data<bfloat16>());
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
