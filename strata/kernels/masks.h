#pragma once

#include <cstdint>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// How many elements of `mask`, contiguous and bool, are true in front of each of its parts, and in
/// all of it as the last entry.
std::vector<int64_t> count_true(Cpu, const Tensor& mask);

/// The places of those elements in row-major order, one to a row of y: contiguous i64[count, rank
/// of mask]. `before` is what count_true gave.
void true_places(Cpu, const Tensor& mask, const std::vector<int64_t>& before, Tensor& y);

}  // namespace strata::kernels
