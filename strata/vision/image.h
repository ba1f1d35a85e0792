#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata {

/// Images are [H, W, C], u8 or f32.

/// How resize() makes a pixel of those around it; the names and numbers are PIL's.
enum class Resample { nearest = 0, lanczos = 1, bilinear = 2, bicubic = 3, box = 4, hamming = 5 };

/// The image at another size. All filters but the nearest pixel's are widened when shrinking, so
/// that nothing is skipped. u8 gives the very bytes of PIL. Throws ShapeError, DTypeError, and
/// ValueError for an empty size.
Tensor resize(const Tensor& image, int64_t height, int64_t width,
              Resample resample = Resample::bilinear);

/// resize() so that the shorter side has `size` pixels and the sides keep their ratio, the longer
/// one rounded down, as torchvision.
Tensor resize_shorter(const Tensor& image, int64_t size, Resample resample = Resample::bilinear);

/// The middle height x width pixels; where the rest is odd, as torchvision rounds it. Throws
/// ShapeError for a smaller image.
Tensor center_crop(const Tensor& image, int64_t height, int64_t width);

/// [H, W, 1] of the same dtype from 1, 3 or 4 channels (opacity is ignored): ITU-R 601 luminance,
/// as PIL. Throws ShapeError and DTypeError.
Tensor to_grayscale(const Tensor& image);

/// Light for dark: 255 - x for u8, 1 - x for f32. Throws DTypeError.
Tensor invert(const Tensor& image);

/// u8 of an f32 image: [0, 1] becomes 0 to 255, rounded; what lies outside is cut, NaN is 0. Throws
/// ShapeError and DTypeError.
Tensor to_bytes(const Tensor& image);

/// Pictures f32[N, H, W, C] beside and below each other, `columns` in a row, with a margin of two
/// pixels of `margin` around each; f32[rows * (H + 2) + 2, columns * (W + 2) + 2, C]. Throws
/// ShapeError, DTypeError, and ValueError for no columns.
Tensor picture_grid(const Tensor& pictures, int64_t columns, float margin = 1);

}  // namespace strata
