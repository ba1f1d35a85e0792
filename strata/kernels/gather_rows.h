#pragma once

#include <cstdint>
#include <span>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// y[i] = x[rows[i]] for contiguous x and y, rows being indices of the first axis. Where x is u8
/// and y f32, each value is divided by 255 (correctly rounded) on the way.
void gather_rows(Cpu, const Tensor& x, std::span<const int64_t> rows, Tensor& y);

}  // namespace strata::kernels
