#pragma once

#include <cstdint>

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// A turn, a shift, a scaling and shears of an image around its centre.
struct Affine {
  double angle = 0;                 ///< degrees, clockwise
  double right = 0, down = 0;       ///< pixels
  double scale = 1;                 ///< above 0
  double shear_x = 0, shear_y = 0;  ///< degrees
};

/// Images f32[N, H, W, C] moved so, with bilinear interpolation; what comes in from outside is 0.
/// Equal to torchvision.transforms.functional.affine. Throws ShapeError, DTypeError, and ValueError
/// for a scale that is not above 0.
Tensor affine(const Tensor& images, const Affine& move);

struct RandomAffineConfig {
  double degrees = 0;    ///< turns are drawn from [-it, it]
  double translate = 0;  ///< shifts, as a share of height and width
  double least_scale = 1, most_scale = 1;
  double shear = 0;  ///< degrees, of x alone
};

/// Moves each image in a way of its own (RandomAffine, with whole pixels as shifts). Throws as
/// affine(), and ValueError for ranges that make no sense.
Tensor random_affine(const Tensor& images, const RandomAffineConfig& config, Generator& generator);

/// Fetches each pixel of f32[N, H, W, C] from where `field`, f32[N, H, W, 2] or one of [1, H, W, 2]
/// for all, says: so many pixels to the right and down of it (elastic_transform, whose displacement
/// is in halves of the image's width and height). Throws ShapeError and DTypeError.
Tensor displace(const Tensor& images, const Tensor& field);

struct ElasticConfig {
  double alpha = 50;  ///< strength
  double sigma = 5;   ///< of the Gaussian that smooths the field, in pixels; 0: none
};

/// Displaces each image by a smooth random field of its own: uniform numbers in [-1, 1], smoothed,
/// times alpha / 2 pixels (ElasticTransform for square images; Simard, Steinkraus and Platt 2003).
/// Throws as displace(), and ValueError for negative numbers.
Tensor random_elastic(const Tensor& images, const ElasticConfig& config, Generator& generator);

}  // namespace strata
