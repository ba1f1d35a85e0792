#pragma once

#include "strata/ops/size2.h"
#include "strata/tensor/tensor.h"

namespace strata {

struct UnfoldOptions {
  Size2 kernel = 1;
  Size2 stride = 1;
  Size2 padding = 0;
  Size2 dilation = 1;
};

/// The windows of images x[N, H, W, C] as rows: [N, windows, kh * kw * C], windows and taps in
/// row-major order, so that a product with convolution weights [O, kh * kw * C] is conv2d. The
/// rows of torch.nn.functional.unfold have the channels in front of the taps. Any dtype;
/// differentiable any number of times. Throws ShapeError and ValueError.
Tensor unfold(const Tensor& x, const UnfoldOptions& options);

/// The transpose of unfold: adds the taps x[N, windows, kh * kw * C] up in images
/// [N, size.h, size.w, C]. Throws ShapeError where they are not those of such images.
Tensor fold(const Tensor& x, Size2 size, const UnfoldOptions& options);

/// Windows of `size` elements at every `step` along `axis`, on a new last axis: the axis becomes
/// (its size - size) / step + 1 long. Throws ShapeError where no window fits, ValueError for a size
/// or step below 1. As Tensor.unfold, but a copy.
Tensor unfold(const Tensor& x, int axis, int64_t size, int64_t step);

}  // namespace strata
