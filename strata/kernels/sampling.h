#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// Each of weights' rows draws y.size(1) of its columns, in proportion to their weights: weights
/// [rows, columns] of f64, contiguous, finite, none negative, and as many above 0 as are drawn;
/// with `replacement` one. y [rows, draws], i64, contiguous. A draw depends on its place alone.
void multinomial(Cpu, const Tensor& weights, bool replacement, uint64_t seed, uint64_t stream,
                 Tensor& y);

}  // namespace strata::kernels
