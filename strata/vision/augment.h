#pragma once

#include <cstdint>

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Mirrors each image of f32[N, H, W, C] left to right with probability p. Throws DTypeError,
/// ShapeError, and ValueError unless 0 <= p <= 1.
Tensor random_flip(const Tensor& images, double p, Generator& generator);

/// Moves each image of f32[N, H, W, C] by up to `most` pixels up or down and left or right, each
/// way as likely; what comes in from outside is 0. This is what others call a random crop with
/// padding. Throws DTypeError, ShapeError, and ValueError
/// for a negative `most`.
Tensor random_shift(const Tensor& images, int64_t most, Generator& generator);

}  // namespace strata
