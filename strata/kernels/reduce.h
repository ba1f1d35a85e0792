#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// What a reduction gathers. NaN wins in max, min and max_abs.
enum class Reduce : uint8_t { sum, sum_abs, sum_squares, max, min, max_abs };

/// y = scale times the reduction of x over the axes where y (of x's rank, contiguous) has size 1.
/// y has x's dtype; integers and booleans may also be summed into i64. `scale` is for floats. The
/// order of operations follows the shape and the instruction set alone: sums go through blocks of
/// several accumulators and fixed chunks, bf16 in f32.
void reduce(Cpu, Reduce what, const Tensor& x, Tensor& y, double scale = 1);

/// Running sums along `axis`, from the end with `reverse`; y of x's shape and dtype (i64 for
/// integers), contiguous.
void cumsum(Cpu, const Tensor& x, int axis, bool reverse, Tensor& y);

}  // namespace strata::kernels
