#pragma once

#include <cstdint>
#include <string>

#include "strata/tensor/tensor.h"

namespace strata {

/// What read_png makes of the file.
struct PngOptions {
  int channels = 3;                        ///< 1 (grey), 3 (RGB) or 4 (RGB and opacity)
  int64_t most_pixels = int64_t{1} << 27;  ///< larger images are refused before memory is taken
};

/// Reads a PNG of any kind; u8[H, W, channels]. Colour becomes grey by ITU-R 601 weights, as in
/// PIL; where opacity is dropped, the image is laid on white. Throws FormatError, named after the
/// file and the fault, IoError, and ValueError for other numbers of channels.
Tensor read_png(const std::string& path, const PngOptions& options = {});

/// Writes u8[H, W, C] with C = 1, 3 or 4, or u8[H, W]. Throws DTypeError, ShapeError and IoError.
void write_png(const std::string& path, const Tensor& image);

}  // namespace strata
