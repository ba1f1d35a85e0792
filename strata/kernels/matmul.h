#pragma once

#include "strata/kernels/activation.h"
#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// Whether matmul can read x in place: one of its last two axes is contiguous.
bool is_row_or_column_major(const Tensor& x);

/// y = activation(a b + bias) for matrices in the last two axes, [..., m, k] by [..., k, n]. The
/// axes in front are the same for a, b and y; a and b may repeat matrices (stride 0) and are
/// row- or column-major; y is contiguous; bias is [n], contiguous, or undefined. One dtype.
void matmul(Cpu, const Tensor& a, const Tensor& b, const Tensor& bias, Activation activation,
            Tensor& y);

}  // namespace strata::kernels
