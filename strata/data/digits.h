#pragma once

#include <cstdint>

#include "strata/data/dataset.h"

namespace strata {

/// Made-up handwritten digits, for when there are no files: images f32[count, 28, 28, 1] in 0 ...
/// 1, white on black, and labels i64[count]. Each is drawn with strokes of the digit's shape that
/// are bent, stretched, slanted, turned and thickened at random, then noise. The same seed gives
/// the same images; image i depends on the seed, the split and i alone, and no test image is in the
/// training split. Throws ValueError for a negative count.
TensorDataset generate_digits(int64_t count, Split split, uint64_t seed = 0);

}  // namespace strata
