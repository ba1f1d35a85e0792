#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "strata/io/image_options.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Reads a picture, PNG or JPEG as its first bytes say; u8[H, W, channels]. Throws FormatError,
/// named after the file and the fault, and IoError.
Tensor read_image(const std::string& path, const ImageOptions& options = {});

/// The same from memory; `name` is what errors call it.
Tensor decode_image(const std::string& name, std::span<const uint8_t> bytes,
                    const ImageOptions& options = {});

}  // namespace strata
