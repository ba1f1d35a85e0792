#pragma once

#include <cstdint>

namespace strata::kernels::cpu {

/// y[i * ys + j] = x[i + j * xs] for i < rows, j < columns: a matrix turned over. Elements of
/// `bytes` (1, 2, 4 or 8) bytes; strides in elements.
void transpose(int64_t bytes, const void* x, int64_t xs, void* y, int64_t ys, int64_t rows,
               int64_t columns);

}  // namespace strata::kernels::cpu
