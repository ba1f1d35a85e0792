#pragma once

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Changes of colour, those of torchvision.transforms.functional, of images f32[N, H, W, C] with
/// values in [0, 1] and C = 1 or 3; results are held within [0, 1]. Each factor is of all images;
/// grey images have neither saturation nor hue and stay as they are. Throw ShapeError, DTypeError,
/// and ValueError for a negative factor or a hue beyond half a turn.

/// 0 is black, 1 leaves the images.
Tensor adjust_brightness(const Tensor& images, double factor);
/// 0 is each image's mean grey.
Tensor adjust_contrast(const Tensor& images, double factor);
/// 0 is grey.
Tensor adjust_saturation(const Tensor& images, double factor);
/// Turns the hue by a part of the circle, -0.5 to 0.5.
Tensor adjust_hue(const Tensor& images, double turn);

struct ColourJitterConfig {
  double brightness = 0;  ///< factors are drawn from [1 - it, 1 + it], not below 0
  double contrast = 0;
  double saturation = 0;
  double hue = 0;  ///< turns are drawn from [-it, it]
};

/// Changes each image by factors of its own, in an order of its own (ColorJitter). Throws as above.
Tensor colour_jitter(const Tensor& images, const ColourJitterConfig& config, Generator& generator);

}  // namespace strata
