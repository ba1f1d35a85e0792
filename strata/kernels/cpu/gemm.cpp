#include "strata/kernels/gemm.h"

#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/gemm_problem.h"
#include "strata/kernels/work_log.h"

namespace strata::kernels {
namespace {

// A batch of products, this many multiplications in all, is shared out product by product; above
// it, and with few products, the threads work on one product at a time.
constexpr double kMaxWhole = 64e6;
// The least a thread is given.
constexpr double kMinTask = 200e3;

template <class T>
GemmProblem<T> problem_of(const Gemm<T>& g, const float* bias) {
  GemmProblem<T> p = {};
  p.m = g.m;
  p.n = g.n;
  p.k = g.k;
  p.left = {g.a.data, g.a.trans ? 1 : g.a.ld, g.a.trans ? g.a.ld : 1};
  p.right = {g.b.data, g.b.trans ? g.b.ld : 1, g.b.trans ? 1 : g.b.ld};
  p.c = g.c.data;
  p.addend = g.addend ? g.addend : g.c.data;
  p.ld = g.c.ld;
  p.bias = bias;
  p.alpha = static_cast<float>(g.alpha);
  p.beta = static_cast<float>(g.beta);
  p.activation = g.activation;
  return p;
}

// Whether the matrices of a stack follow each other `step` apart.
bool follow(const Shape& batch, const Strides& strides, int64_t step) {
  for (int axis = batch.rank() - 1; axis >= 0; --axis) {
    if (batch[axis] != 1 && strides[axis] != step) return false;
    step *= batch[axis];
  }
  return true;
}

// A stack of row blocks against one right factor is one taller product.
template <class T>
Gemm<T> merged(const Gemm<T>& g) {
  Gemm<T> one = g;
  if (!g.batch.empty() && !g.a.trans && follow(g.batch, g.b.batch_strides, 0) &&
      follow(g.batch, g.a.batch_strides, g.m * g.a.ld) &&
      follow(g.batch, g.c.batch_strides, g.m * g.c.ld)) {
    one.m *= numel(g.batch);
    one.batch = {};
  }
  return one;
}

template <class T>
void run(const Gemm<T>& args, const float* bias) {
  const Gemm<T> g = merged(args);
  const int64_t count = numel(g.batch);
  if (count == 0 || g.m == 0 || g.n == 0) return;
  const LoggedWork logged({{{count, g.m, g.n, g.k, g.a.trans, g.b.trans}, 1}});
  const double work = static_cast<double>(g.m) * static_cast<double>(g.n * g.k);
  GemmProblem<T> first = problem_of(g, bias);
  first.shared_out = count >= 16 || (count > 1 && work * static_cast<double>(count) < kMaxWhole);
  const auto one = [&](int64_t i) {
    GemmProblem<T> p = first;
    p.left.data += batch_offset(g.batch, g.a.batch_strides, i);
    p.right.data += batch_offset(g.batch, g.b.batch_strides, i);
    const int64_t to = batch_offset(g.batch, g.c.batch_strides, i);
    p.c += to;
    p.addend += to;
    gemm_packed(p);
  };
  if (first.shared_out) {
    const auto grain = static_cast<int64_t>(kMinTask / (work + 1000)) + 1;
    parallel_for(count, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) one(i);
    });
  } else {
    for (int64_t i = 0; i < count; ++i) one(i);
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

int64_t batch_offset(const Shape& batch, const Strides& strides, int64_t index) {
  int64_t offset = 0;
  for (int axis = batch.rank() - 1; axis >= 0; --axis) {
    offset += index % batch[axis] * strides[axis];
    index /= batch[axis];
  }
  return offset;
}

void gemm(const Gemm<float>& args) { run(args, args.bias); }
void gemm(const Gemm<bfloat16>& args) { run_half(args); }
void gemm(const Gemm<float16>& args) { run_half(args); }

}  // namespace strata::kernels
