#pragma once

#include <cstdint>

#include "strata/base/dtype.h"
#include "strata/kernels/activation.h"

namespace strata::kernels {

/// A stack of row-major matrices in memory that somebody else owns. `ld` is the distance in
/// elements between consecutive rows as stored; `trans` says that the product takes the transpose
/// of what is stored; `batch_stride` is the distance between consecutive matrices, 0 to use one for
/// all.
template <class T>
struct MatrixStack {
  T* data = nullptr;
  int64_t ld = 0;
  bool trans = false;
  int64_t batch_stride = 0;
};

/// C[m, n] = activation(alpha * A[m, k] B[k, n] + beta * C + bias), for each of `batch` matrices.
/// With beta == 0 the old C is not read, so it may hold anything; with k == 0 the product is zero.
/// `bias` is null or n elements, added to every row.
template <class T>
struct Gemm {
  int64_t batch = 1;
  int64_t m = 0, n = 0, k = 0;
  MatrixStack<const T> a, b;
  MatrixStack<T> c;  // trans must be false
  double alpha = 1, beta = 0;
  const T* bias = nullptr;
  Activation activation = Activation::none;
};

/// Matrix products on the processor. Sums run in f32 for f32 and bf16 (whose result is rounded
/// once), in f64 for f64. The bits follow the shape and the instruction set only, never the thread
/// count. Runs on all threads of parallel_for, or in the caller's when inside another parallel
/// loop.
void gemm(const Gemm<float>& args);
void gemm(const Gemm<bfloat16>& args);
void gemm(const Gemm<float16>& args);
void gemm(const Gemm<double>& args);

}  // namespace strata::kernels
