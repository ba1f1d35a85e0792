#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// y = x * scale where element i's 32 random bits of (seed, stream) are at least `threshold`, else
/// x * 0. x and y contiguous, of one floating dtype.
void dropout(Cpu, const Tensor& x, uint64_t seed, uint64_t stream, uint32_t threshold, double scale,
             Tensor& y);

}  // namespace strata::kernels
