#pragma once

#include <cstdint>

#include "strata/base/function_ref.h"
#include "strata/base/random.h"
#include "strata/tensor/tensor.h"
#include "strata/vision/image.h"

namespace strata {

/// Mirrors each image of f32[N, H, W, C] left to right with probability p. Throws DTypeError,
/// ShapeError, and ValueError unless 0 <= p <= 1.
Tensor random_flip(const Tensor& images, double p, Generator& generator);

/// Moves each image of f32[N, H, W, C] by up to `most` pixels up or down and left or right, each
/// way as likely; what comes in from outside is 0. This is what others call a random crop with
/// padding. Throws DTypeError, ShapeError, and ValueError
/// for a `most` that is negative or no less than the shorter side, which would leave nothing.
Tensor random_shift(const Tensor& images, int64_t most, Generator& generator);

/// A part of an image.
struct CropBox {
  int64_t top = 0, left = 0, height = 0, width = 0;

  bool operator==(const CropBox&) const = default;
};

struct ResizedCropConfig {
  double least_area = 0.08, most_area = 1;             ///< shares of the image
  double least_ratio = 3.0 / 4, most_ratio = 4.0 / 3;  ///< of width to height
  Resample resample = Resample::bilinear;
};

/// A part of height x width pixels as RandomResizedCrop draws it: an area drawn evenly, a ratio
/// drawn evenly in its logarithm, a place among those where it fits; after ten attempts that do not
/// fit, the largest middle part of an allowed ratio. `uniform` gives numbers in [0, 1). Throws
/// ValueError for an empty image and ranges that are not positive or out of order.
CropBox crop_box(int64_t height, int64_t width, const ResizedCropConfig& config,
                 FunctionRef<double()> uniform);

/// Such a part of an image [H, W, C], u8 or f32, resized to [height, width, C]; or of each image
/// of [N, H, W, C] a part of its own. As torchvision.transforms.RandomResizedCrop, u8 to the byte
/// where the same part is drawn (Szegedy et al., "Going deeper with convolutions", 2015). Throws
/// ShapeError, DTypeError and ValueError.
Tensor random_resized_crop(const Tensor& images, int64_t height, int64_t width,
                           const ResizedCropConfig& config, Generator& generator);

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
