#pragma once

#include <cstdint>

#include "strata/base/dtype.h"
#include "strata/base/shape.h"
#include "strata/kernels/activation.h"

namespace strata::kernels {

/// A stack of row-major matrices in memory that somebody else owns. `ld` is the distance in
/// elements between consecutive rows as stored; `trans` says that the product takes the transpose
/// of what is stored; `batch_strides` has one distance for each axis of Gemm::batch, 0 to repeat a
/// matrix.
template <class T>
struct MatrixStack {
  T* data = nullptr;
  int64_t ld = 0;
  bool trans = false;
  Strides batch_strides = {};
};

/// C[m, n] = activation(alpha * A[m, k] B[k, n] + beta * D + bias), for each index of `batch` (one
/// product if empty). D is `addend`, which lies in memory as C does, or the old C where that is
/// null; with beta == 0 it is not read, so it may hold anything; with k == 0 the product is zero.
/// `bias` is null or n elements, added to every row.
template <class T>
struct Gemm {
  Shape batch = {};
  int64_t m = 0, n = 0, k = 0;
  MatrixStack<const T> a, b;
  MatrixStack<T> c;  // trans must be false
  double alpha = 1, beta = 0;
  const T* addend = nullptr;
  const T* bias = nullptr;
  Activation activation = Activation::none;
};

/// Matrix products on the processor. Sums run in f32 for f32, bf16 and f16 (whose result is rounded
/// once), in the type itself for others. The bits follow the shape and the instruction set only,
/// never the thread count. Where bf16 is multiplied on tile registers (AMX), its subnormal numbers
/// count as zero, as do sums that are subnormal. Runs on all threads of parallel_for, or in the
/// caller's when inside another parallel loop. Integers take no activation.
void gemm(const Gemm<float>& args);
void gemm(const Gemm<bfloat16>& args);
void gemm(const Gemm<float16>& args);
void gemm(const Gemm<double>& args);
void gemm(const Gemm<int64_t>& args);
void gemm(const Gemm<int32_t>& args);
void gemm(const Gemm<int8_t>& args);
void gemm(const Gemm<uint8_t>& args);

/// Where matrix number `index`, in row-major order of `batch`, begins.
int64_t batch_offset(const Shape& batch, const Strides& strides, int64_t index);

}  // namespace strata::kernels
