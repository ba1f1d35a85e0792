#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::models {

/// [B, T, H * D] as a view [B, H, T, D], which attention reads in place.
Tensor split_heads(const Tensor& x, int64_t heads);

/// A mask of padding [B, T], zero or false where it stands, as bool[B, 1, 1, T] for attention; an
/// undefined one stays so.
Tensor padding_mask(const Tensor& mask);

}  // namespace strata::models
