#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "strata/kernels/activation.h"

namespace strata::kernels {

/// One factor of a product, seen from the tile: `lane` runs along the result's rows (left factor)
/// or columns (right factor), k along the sum. One of the two steps is 1.
template <class T>
struct GemmSide {
  const T* data;
  int64_t lane_step, k_step;
};

/// One product as the packed kernels see it: T[m, n] = left * right, written to the row-major C or,
/// if `turned`, its transpose to it. The kernels read `left` one number at a time and `right` in
/// vectors, so which factor is which decides what has to be copied.
template <class T>
struct GemmProblem {
  int64_t m, n, k;
  GemmSide<T> left, right;
  T* c;
  const T* addend;  // what beta multiplies, laid out as C: C itself, or another matrix
  int64_t ld;
  bool turned;
  const float* bias;  // per column of C, or null
  float alpha, beta;
  Activation activation;
  bool shared_out;  // as one of many products: one thread does it all

  /// The same product with the factors exchanged.
  GemmProblem swapped() const {
    GemmProblem p = *this;
    std::swap(p.m, p.n);
    std::swap(p.left, p.right);
    p.turned = !turned;
    return p;
  }
};

/// Working memory that a thread keeps from call to call. It grows to the largest request, which the
/// callers bound, and its content does not survive a request.
class GemmBuffer {
 public:
  float* get(int64_t count) {
    if (count > count_ || !floats_) grow(std::max<int64_t>(count, 1));  // never null
    return floats_.get();
  }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };

  void grow(int64_t count);

  std::unique_ptr<float, Free> floats_;
  int64_t count_ = 0;
};

struct GemmBuffers {
  GemmBuffer left, right, panel, vector, bias, partial, block, widened;
};

/// The calling thread's own.
GemmBuffers& gemm_buffers();

/// One product, on the tile kernels of this processor.
template <class T>
void gemm_packed(const GemmProblem<T>& p);

}  // namespace strata::kernels
