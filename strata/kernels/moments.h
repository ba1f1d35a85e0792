#pragma once

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// Mean and sum of squared deviations of x (f32, bf16, f64) over the axes where `mean` (of x's
/// rank) has size 1. Both results are contiguous, f64 for x of f64 and f32 else. Blocks are
/// centred each on its own mean and merged in order (Chan, Golub and LeVeque, 1979), so that a
/// large mean costs no accuracy.
void moments(Cpu, const Tensor& x, Tensor& mean, Tensor& squares);

}  // namespace strata::kernels
