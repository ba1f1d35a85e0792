#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// Makes of a photo or drawing of one digit, u8[H, W, C] or f32 in 0 ... 1, what MNIST would: dark
/// or light strokes on uneven ground become white on black, scaled to fit 20 x 20 pixels, their
/// centre of mass at (14, 14); f32[28, 28, 1] in 0 ... 1. Throws ShapeError, DTypeError, and
/// ValueError where nothing is drawn.
Tensor digit_from_photo(const Tensor& image);

}  // namespace strata
