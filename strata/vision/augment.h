#pragma once

#include <cstdint>

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Moves each image of f32[N, H, W, C] by up to `most` pixels up or down and left or right, each
/// way as likely; what comes in from outside is 0. Throws DTypeError, ShapeError, and ValueError
/// for a negative `most`.
Tensor random_shift(const Tensor& images, int64_t most, Generator& generator);

}  // namespace strata
