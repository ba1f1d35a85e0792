#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "strata/io/image_options.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Reads a PNG of any kind; u8[H, W, channels]. Colour becomes grey by ITU-R 601 weights, as in
/// PIL; where opacity is dropped, the image is laid on white. Throws FormatError, named after the
/// file and the fault, IoError, and ValueError for other numbers of channels.
Tensor read_png(const std::string& path, const ImageOptions& options = {});

/// The same from memory; `name` is what errors call it.
Tensor decode_png(const std::string& name, std::span<const uint8_t> bytes,
                  const ImageOptions& options = {});

/// A PNG's bytes of u8[H, W, C] with C = 1, 3 or 4, or u8[H, W]. Throws DTypeError and ShapeError.
std::string encode_png(const Tensor& image);

/// Writes what encode_png gives. Throws IoError besides.
void write_png(const std::string& path, const Tensor& image);

}  // namespace strata
