#pragma once

#include "strata/tensor/tensor.h"

namespace strata::models {

/// A mask of padding [B, T], zero or false where it stands, as bool[B, 1, 1, T] for attention; an
/// undefined one stays so.
Tensor padding_mask(const Tensor& mask);

}  // namespace strata::models
