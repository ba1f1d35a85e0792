#pragma once

#include <utility>

#include "strata/ops/size3.h"
#include "strata/tensor/tensor.h"

namespace strata {

// Pooling of sequences x[N, L, C] and volumes x[N, D, H, W, C] of a floating dtype, by the kernels
// of pool.h. Differentiable any number of times. All throw ShapeError, DTypeError and ValueError.

struct Pool1dOptions {
  int64_t kernel = 2;
  int64_t stride = 0;  ///< the kernel's size unless set
  int64_t padding = 0;
  int64_t dilation = 1;           ///< of max_pool1d
  bool ceil_mode = false;         ///< keep a last window that leaves the sequence
  bool count_include_pad = true;  ///< avg_pool1d divides by the taps on the padding too
};

struct Pool3dOptions {
  Size3 kernel = 2;
  Size3 stride = 0;  ///< the kernel's size unless set
  Size3 padding = 0;
  Size3 dilation = 1;             ///< of max_pool3d
  bool ceil_mode = false;         ///< keep a last window that leaves the volume
  bool count_include_pad = true;  ///< avg_pool3d divides by the taps on the padding too
};

/// The largest value of each window. A NaN wins; of equal values the first gets the gradient.
Tensor max_pool1d(const Tensor& x, const Pool1dOptions& options = {});
Tensor max_pool3d(const Tensor& x, const Pool3dOptions& options = {});
/// The same, and i32 indices of where each value was: the place in its sequence, or
/// (depth * H + row) * W + column in its volume.
std::pair<Tensor, Tensor> max_pool1d_with_indices(const Tensor& x,
                                                  const Pool1dOptions& options = {});
std::pair<Tensor, Tensor> max_pool3d_with_indices(const Tensor& x,
                                                  const Pool3dOptions& options = {});

/// The mean of each window.
Tensor avg_pool1d(const Tensor& x, const Pool1dOptions& options = {});
Tensor avg_pool3d(const Tensor& x, const Pool3dOptions& options = {});

/// Pooling to a result of the given size: window i is [floor(i * in / out), ceil((i + 1) * in /
/// out)) along each axis.
Tensor adaptive_max_pool1d(const Tensor& x, int64_t size);
Tensor adaptive_max_pool3d(const Tensor& x, Size3 size);
std::pair<Tensor, Tensor> adaptive_max_pool1d_with_indices(const Tensor& x, int64_t size);
std::pair<Tensor, Tensor> adaptive_max_pool3d_with_indices(const Tensor& x, Size3 size);
Tensor adaptive_avg_pool1d(const Tensor& x, int64_t size);
Tensor adaptive_avg_pool3d(const Tensor& x, Size3 size);

namespace internal {

/// The stride that the options say. Throws ValueError tagged `op` for a kernel, stride or dilation
/// below 1, a negative padding, one of more than half of the kernel and what check_not_huge
/// refuses.
int64_t checked_stride(const char* op, const Pool1dOptions& options);
Size3 checked_stride(const char* op, const Pool3dOptions& options);

}  // namespace internal

}  // namespace strata
