#pragma once

#include <cstdint>

namespace strata::kernels::cpu {

/// y[i * ys + j] = x[i + j * xs] for i < rows, j < columns: a matrix turned over. Elements of
/// `bytes` (1, 2, 4 or 8) bytes; strides in elements. With `stream` it may write past the caches:
/// finish_streaming() (convert.h) makes that visible to other threads.
void transpose(int64_t bytes, const void* x, int64_t xs, void* y, int64_t ys, int64_t rows,
               int64_t columns, bool stream);

}  // namespace strata::kernels::cpu
