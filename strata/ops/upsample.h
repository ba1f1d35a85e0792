#pragma once

#include <cstdint>

#include "strata/ops/size2.h"
#include "strata/tensor/tensor.h"

namespace strata {

enum class UpsampleMode : uint8_t { nearest, bilinear };

/// Either the result's size or factors for height and width.
struct UpsampleOptions {
  Size2 size = 0;
  double scale_h = 0, scale_w = 0;
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;  ///< of bilinear
};

/// Images x[N, H, W, C] in another size, as torch.nn.functional.interpolate: [N, size, C], or
/// [N, floor(H * scale_h), floor(W * scale_w), C]. f32, f64 and bf16; differentiable any number of
/// times. Throws ShapeError, DTypeError and ValueError.
Tensor upsample2d(const Tensor& x, const UpsampleOptions& options);

}  // namespace strata
