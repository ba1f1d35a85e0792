#pragma once

#include <cstdint>

#include "strata/ops/size2.h"
#include "strata/ops/size3.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Linear, bilinear and trilinear are one: interpolation along each axis. Nearest takes the pixel
/// that the front edge of a result lies in, nearest_exact that of its centre, as Pillow does. Area
/// is adaptive_avg_pool. Bicubic is of images alone.
enum class UpsampleMode : uint8_t {
  nearest,
  bilinear,
  bicubic,
  nearest_exact,
  area,
  linear = bilinear,
  trilinear = bilinear,
};

// Sequences, images and volumes in another size, as torch.nn.functional.interpolate: each axis of
// the given size, or of floor(axis * scale). With `align_corners`, of the linear modes and bicubic,
// the centres of the outer pixels stay where they are, else the outer edges do. Bicubic is Keys'
// convolution of 1981 with a = -0.75, over the edge pixels repeated; its results can leave the
// range of x. Any floating dtype; differentiable any number of times. All throw ShapeError,
// DTypeError and ValueError.

/// Either the result's length or a factor.
struct Upsample1dOptions {
  int64_t size = 0;
  double scale = 0;
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;
};

/// x[N, L, C] to [N, size, C].
Tensor upsample1d(const Tensor& x, const Upsample1dOptions& options);

/// Either the result's size or factors for height and width.
struct UpsampleOptions {
  Size2 size = 0;
  double scale_h = 0, scale_w = 0;
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;
};

/// x[N, H, W, C] to [N, size, C].
Tensor upsample2d(const Tensor& x, const UpsampleOptions& options);

/// Either the result's size or factors for depth, height and width.
struct Upsample3dOptions {
  Size3 size = 0;
  double scale_d = 0, scale_h = 0, scale_w = 0;
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;
};

/// x[N, D, H, W, C] to [N, size, C].
Tensor upsample3d(const Tensor& x, const Upsample3dOptions& options);

}  // namespace strata
