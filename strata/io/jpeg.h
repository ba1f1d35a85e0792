#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "strata/io/image_options.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Reads a JPEG of any kind (grey, colour, CMYK; baseline or progressive); u8[H, W, channels]. Grey
/// is the file's own luminance; opacity is 255. The turning that a camera may ask for is not done,
/// as in PIL, unless the options want it upright. Throws FormatError, named after the file and the
/// fault, for a file that is cut off or damaged, IoError, and ValueError for other numbers of
/// channels.
Tensor read_jpeg(const std::string& path, const ImageOptions& options = {});

/// The same from memory; `name` is what errors call it.
Tensor decode_jpeg(const std::string& name, std::span<const uint8_t> bytes,
                   const ImageOptions& options = {});

}  // namespace strata
