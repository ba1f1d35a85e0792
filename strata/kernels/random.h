#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// Fills contiguous y from Philox counters (seed, stream): element i depends on i alone.
void uniform(Cpu, uint64_t seed, uint64_t stream, double low, double high, Tensor& y);
void normal(Cpu, uint64_t seed, uint64_t stream, double mean, double stddev, Tensor& y);
void uniform_int(Cpu, uint64_t seed, uint64_t stream, int64_t low, int64_t high, Tensor& y);

}  // namespace strata::kernels
