#pragma once

#include <cstdint>

#include "strata/ops/size2.h"
#include "strata/tensor/tensor.h"

namespace strata {

enum class UpsampleMode : uint8_t { nearest, bilinear, bicubic };

/// Either the result's size or factors for height and width.
struct UpsampleOptions {
  Size2 size = 0;
  double scale_h = 0, scale_w = 0;
  UpsampleMode mode = UpsampleMode::nearest;
  /// Of bilinear and bicubic: the centres of the corner pixels stay where they are, else the outer
  /// edges of the images do.
  bool align_corners = false;
};

/// Images x[N, H, W, C] in another size, as torch.nn.functional.interpolate: [N, size, C], or
/// [N, floor(H * scale_h), floor(W * scale_w), C]. Bicubic is Keys' convolution of 1981 with a =
/// -0.75, over the edge pixels repeated; its results can leave the range of x. f32, f64 and bf16;
/// differentiable any number of times. Throws ShapeError, DTypeError and ValueError.
Tensor upsample2d(const Tensor& x, const UpsampleOptions& options);

}  // namespace strata
