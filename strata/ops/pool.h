#pragma once

#include <utility>

#include "strata/ops/size2.h"
#include "strata/tensor/tensor.h"

namespace strata {

struct Pool2dOptions {
  Size2 kernel = 2;
  Size2 stride = 0;  ///< the kernel's size unless set
  Size2 padding = 0;
  Size2 dilation = 1;             ///< of max_pool2d
  bool ceil_mode = false;         ///< keep a last window that leaves the image
  bool count_include_pad = true;  ///< avg_pool2d divides by the taps on the padding too
};

// Pooling of images x[N, H, W, C] of a floating dtype; bf16 and f16 are summed in f32.
// Differentiable any number of times. All throw ShapeError, DTypeError and ValueError.

/// The largest value of each window. A NaN wins; of equal values the first gets the gradient.
Tensor max_pool2d(const Tensor& x, const Pool2dOptions& options = {});
/// The same, and i32 indices row * W + column of where in its image each value was.
std::pair<Tensor, Tensor> max_pool2d_with_indices(const Tensor& x,
                                                  const Pool2dOptions& options = {});
/// The mean of each window.
Tensor avg_pool2d(const Tensor& x, const Pool2dOptions& options = {});

/// Pooling to a result of the given size: window i is [floor(i * in / out), ceil((i + 1) * in /
/// out)).
Tensor adaptive_max_pool2d(const Tensor& x, Size2 size);
/// The same, and indices as of max_pool2d_with_indices.
std::pair<Tensor, Tensor> adaptive_max_pool2d_with_indices(const Tensor& x, Size2 size);
Tensor adaptive_avg_pool2d(const Tensor& x, Size2 size);

namespace internal {

/// The stride that the options say. Throws ValueError tagged `op` for a kernel or stride below 1,
/// a negative padding, one of more than half of the kernel and what check_not_huge refuses.
Size2 checked_stride(const char* op, const Pool2dOptions& options);

}  // namespace internal

}  // namespace strata
