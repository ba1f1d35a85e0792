#pragma once

#include <cstdint>
#include <span>

#include "strata/tensor/tensor.h"

namespace strata {

/// How the camera was held, as EXIF data say: 1 (upright) to 8, see turn_upright; 1 where they say
/// nothing, or nothing sound. `tiff`: the data, which are laid out as a TIFF file.
int exif_orientation(std::span<const uint8_t> tiff);

/// The same of the EXIF data that a JPEG holds; 1 where there are none.
int jpeg_orientation(std::span<const uint8_t> jpeg);

/// u8[H, W, C] turned so that a picture of that orientation stands upright: 2 mirrored, 3 upside
/// down, 4 both, 5 to 8 with its rows as columns, u8[W, H, C]. The picture itself for 1.
Tensor turn_upright(const Tensor& image, int orientation);

}  // namespace strata
