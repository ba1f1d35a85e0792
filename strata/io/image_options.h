#pragma once

#include <cstdint>

namespace strata {

/// What the readers of pictures make of a file.
struct ImageOptions {
  int channels = 3;                        ///< 1 (grey), 3 (RGB) or 4 (RGB and opacity)
  int64_t most_pixels = int64_t{1} << 27;  ///< larger images are refused before memory is taken
  bool upright = false;  ///< turned as EXIF data ask for: cameras store what they see
};

}  // namespace strata
