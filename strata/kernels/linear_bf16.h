#pragma once

#include "strata/kernels/activation.h"
#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// y = activation(x w^T + bias) for bf16 weights w [n, k] and f32 x [m, k], bias [n] or undefined,
/// and y of m * n elements; all contiguous, but w may be the transpose of a contiguous [k, n]. Sums
/// in f32. With few rows of x (of a transposed w: one) the weights are read once, as they are, and
/// the speed is that of the memory; with more they are converted a block at a time. The same bits
/// on any number of threads.
void linear_bf16(Cpu, const Tensor& x, const Tensor& w, const Tensor& bias, Activation activation,
                 Tensor& y);

}  // namespace strata::kernels
