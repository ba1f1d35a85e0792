#pragma once

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// Along `axis`; f32, bf16 (computed in f32) or f64. Results are contiguous and of x's dtype.
void softmax(Cpu, const Tensor& x, int axis, Tensor& y);
void log_softmax(Cpu, const Tensor& x, int axis, Tensor& y);

/// y = log(sum(e^x)) over the axes where y (of x's rank, contiguous) has size 1.
void logsumexp(Cpu, const Tensor& x, Tensor& y);

/// dx = y (dy - sum(y dy)), of the same dtype.
void softmax_grad(Cpu, const Tensor& y, const Tensor& dy, int axis, Tensor& dx);

/// dx = dy - e^y sum(dy).
void log_softmax_grad(Cpu, const Tensor& y, const Tensor& dy, int axis, Tensor& dx);

}  // namespace strata::kernels
