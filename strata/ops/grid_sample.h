#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata {

enum class GridMode : uint8_t { bilinear, nearest, bicubic };

/// What stands beyond the edges: zeros, the edge, or x mirrored about its edges. Not PadMode, as
/// `reflection` can go back and forth any number of times.
enum class GridPaddingMode : uint8_t { zeros, border, reflection };

struct GridSampleOptions {
  GridMode mode = GridMode::bilinear;  ///< of volumes: trilinear; they have no bicubic
  GridPaddingMode padding = GridPaddingMode::zeros;
  /// -1 and 1 are the centres of the outer pixels, else their outer edges.
  bool align_corners = false;
};

/// Images x[N, H, W, C] at the points of grid[N, oh, ow, 2]: [N, oh, ow, C]; volumes
/// x[N, D, H, W, C] at grid[N, od, oh, ow, 3]. A point is (x, y) or (x, y, z), each from -1 to 1
/// across the axis: its first number goes along W (Jaderberg et al., "Spatial transformer
/// networks", 2015). NaN is taken for the first edge where the padding is not zeros; with zeros the
/// result is NaN, of `nearest` 0. Of any floating dtype, the grid too, or f32 beside bf16 and f16,
/// which are summed in f32. Differentiable any number of times in both; on an edge a border has
/// slope 0. Takes memory for 1, 4 or 16 numbers and as many places a point (volumes 1 or 8). Throws
/// ShapeError, DTypeError, DeviceError, ValueError. As torch.nn.functional.grid_sample.
Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& options = {});

/// The points of a picture of `size`, {H, W} or {D, H, W}, each multiplied by theta[N, 2, 3] or
/// theta[N, 3, 4]: a grid [N, H, W, 2] or [N, D, H, W, 3] for grid_sample, with the same
/// `align_corners`. Any floating dtype; bf16 and f16 are computed in f32. Throws ShapeError,
/// DTypeError. As torch.nn.functional.affine_grid, whose size has N and C too.
Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners = false);

}  // namespace strata
