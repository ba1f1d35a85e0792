#pragma once

#include <cstdint>

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Mirrors each image of f32[N, H, W, C] left to right with probability p. Throws DTypeError,
/// ShapeError, and ValueError unless 0 <= p <= 1.
Tensor random_flip(const Tensor& images, double p, Generator& generator);

/// Moves each image of f32[N, H, W, C] by up to `most` pixels up or down and left or right, each
/// way as likely; what comes in from outside is 0. This is what others call a random crop with
/// padding. Throws DTypeError, ShapeError, and ValueError
/// for a negative `most`.
Tensor random_shift(const Tensor& images, int64_t most, Generator& generator);

struct ErasingConfig {
  double p = 0.5;                              ///< probability that an image is touched
  double least_area = 0.02, most_area = 0.33;  ///< shares of the image
  double least_ratio = 0.3, most_ratio = 3.3;  ///< of height to width
  bool noise = false;                          ///< standard normal values instead of `value`
  float value = 0;
};

/// Overwrites a rectangle in some of the images f32[N, H, W, C] (Zhong et al. 2020; RandomErasing:
/// ten attempts to find one that fits). Throws DTypeError, ShapeError, and ValueError for ranges
/// out of order.
Tensor random_erasing(const Tensor& images, const ErasingConfig& config, Generator& generator);

}  // namespace strata
