#include "strata/kernels/gemm.h"

#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/gemm_problem.h"

namespace strata::kernels {
namespace {

// Batches of products below this many multiplications each are shared out whole, one per thread.
constexpr double kMaxWhole = 64e6;

template <class T>
GemmProblem<T> problem_of(const Gemm<T>& g, const float* bias) {
  GemmProblem<T> p = {};
  p.m = g.m;
  p.n = g.n;
  p.k = g.k;
  p.left = {g.a.data, g.a.trans ? 1 : g.a.ld, g.a.trans ? g.a.ld : 1};
  p.right = {g.b.data, g.b.trans ? g.b.ld : 1, g.b.trans ? 1 : g.b.ld};
  p.c = g.c.data;
  p.ld = g.c.ld;
  p.bias = bias;
  p.alpha = static_cast<float>(g.alpha);
  p.beta = static_cast<float>(g.beta);
  p.activation = g.activation;
  return p;
}

// A stack of row blocks against one right factor is one taller product.
template <class T>
Gemm<T> merged(const Gemm<T>& g) {
  Gemm<T> one = g;
  if (g.batch > 1 && g.b.batch_stride == 0 && !g.a.trans && g.a.batch_stride == g.m * g.a.ld &&
      g.c.batch_stride == g.m * g.c.ld) {
    one.m *= g.batch;
    one.batch = 1;
  }
  return one;
}

template <class T>
void run(const Gemm<T>& args, const float* bias) {
  const Gemm<T> g = merged(args);
  if (g.batch <= 0 || g.m <= 0 || g.n <= 0) return;
  const GemmProblem<T> first = problem_of(g, bias);
  const auto one = [&](int64_t i) {
    GemmProblem<T> p = first;
    p.left.data += i * g.a.batch_stride;
    p.right.data += i * g.b.batch_stride;
    p.c += i * g.c.batch_stride;
    gemm_packed(p);
  };
  if (g.batch == 1) return one(0);
  const double work = static_cast<double>(g.m) * static_cast<double>(g.n * g.k);
  if (g.batch >= 16 || work < kMaxWhole / static_cast<double>(g.batch)) {
    const auto grain = static_cast<int64_t>(200e3 / (work + 1000)) + 1;
    parallel_for(g.batch, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) one(i);
    });
  } else {
    for (int64_t i = 0; i < g.batch; ++i) one(i);
  }
}

template <class T>
void run_half(const Gemm<T>& g) {
  float* bias = nullptr;
  if (g.bias) {
    bias = gemm_buffers().bias.get(g.n);
    for (int64_t i = 0; i < g.n; ++i) bias[i] = static_cast<float>(g.bias[i]);
  }
  run(g, bias);
}

}  // namespace

void gemm(const Gemm<float>& args) { run(args, args.bias); }
void gemm(const Gemm<bfloat16>& args) { run_half(args); }
void gemm(const Gemm<float16>& args) { run_half(args); }

}  // namespace strata::kernels
