#pragma once

#include <string>

#include "strata/tensor/tensor.h"

namespace strata::recipes {

/// A picture u8[H, W, 3] as a Hugging Face folder's preprocessor_config.json wants it, f32[1,
/// height, width, 3]: resized (stretched, or by its shorter side), cropped, scaled, normalised,
/// each as far as the file says so, and as ViT's image processor does what it leaves open:
/// stretched to `height` and `width`, to [-1, 1]. Throws IoError; FormatError for a damaged file
/// and absurd values.
Tensor hub_photo(const Tensor& picture, const std::string& folder, int64_t height, int64_t width);

}  // namespace strata::recipes
