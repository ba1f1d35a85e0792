#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::nn {

/// [N, T, heads * D] as a view [N, heads, T, D], which attention reads in place. Throws ShapeError.
Tensor split_heads(const Tensor& x, int64_t heads);

/// The way back: [N, heads, T, D] to [N, T, heads * D]; of attention's results a view. Throws
/// ShapeError.
Tensor merge_heads(const Tensor& x);

}  // namespace strata::nn
