#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// Fills contiguous y from Philox counters (seed, stream): element i depends on i alone.
void uniform(Cpu, uint64_t seed, uint64_t stream, double low, double high, Tensor& y);
void normal(Cpu, uint64_t seed, uint64_t stream, double mean, double stddev, Tensor& y);
void uniform_int(Cpu, uint64_t seed, uint64_t stream, int64_t low, int64_t high, Tensor& y);

/// y: the largest numbers below x, contiguous and of one floating dtype; what bounds uniform's.
void next_below(Cpu, const Tensor& x, Tensor& y);

}  // namespace strata::kernels
