#pragma once

#include "strata/ops/conv_padding.h"
#include "strata/ops/size2.h"
#include "strata/tensor/tensor.h"

namespace strata {

struct Conv2dOptions {
  Size2 stride = 1;
  Size2 padding = 0;  ///< zeros on each of two opposite sides; or kSamePadding
  Size2 dilation = 1;
  int64_t groups = 1;
  bool relu = false;  ///< applied to the result, at no cost
};

/// Cross-correlation of images x[N, H, W, C] with weights w[O, kh, kw, C / groups], plus bias[O] if
/// defined: f[N, (H + 2 * padding - dilation * (kh - 1) - 1) / stride + 1, ..., O]. All of one
/// floating dtype; bf16 and f16 are summed in f32. `residual`, if defined, is of the result's shape
/// and added before the relu: without a pass of its own while no gradients are recorded, where the
/// window is one pixel. Differentiable any number of times. Throws ShapeError, DTypeError and
/// ValueError.
Tensor conv2d(const Tensor& x, const Tensor& w, const Tensor& bias = {},
              const Conv2dOptions& options = {}, const Tensor& residual = {});

struct ConvTranspose2dOptions {
  Size2 stride = 1;
  Size2 padding = 0;         ///< cut off from each side of the result
  Size2 output_padding = 0;  ///< rows and columns more at the end; less than stride or dilation
  Size2 dilation = 1;
  int64_t groups = 1;
};

/// The transpose of conv2d: x[N, H, W, C] and w[C, kh, kw, O / groups] give
/// [N, (H - 1) * stride - 2 * padding + dilation * (kh - 1) + output_padding + 1, ..., O]. The
/// weights are those of the convolution that maps the result back to x; PyTorch's
/// [C, O / groups, kh, kw] become these by permute(w, {0, 2, 3, 1}), as for conv2d.
Tensor conv_transpose2d(const Tensor& x, const Tensor& w, const Tensor& bias = {},
                        const ConvTranspose2dOptions& options = {});

}  // namespace strata
