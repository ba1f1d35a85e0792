#pragma once

#include "strata/ops/conv_padding.h"
#include "strata/ops/size3.h"
#include "strata/tensor/tensor.h"

namespace strata {

// Convolutions of sequences [N, L, C] and volumes [N, D, H, W, C], the channels last as in conv2d,
// whose kernels they use: one product for each, whatever the kernel's depth. All of one floating
// dtype; bf16 and f16 are summed in f32. Differentiable any number of times. All throw ShapeError,
// DTypeError and ValueError.

struct Conv1dOptions {
  int64_t stride = 1;
  int64_t padding = 0;  ///< zeros at each end; or kSamePadding
  int64_t dilation = 1;
  int64_t groups = 1;
  bool relu = false;  ///< applied to the result, at no cost
};

/// x[N, L, C] and w[O, k, C / groups], plus bias[O] if defined, give
/// [N, (L + 2 * padding - dilation * (k - 1) - 1) / stride + 1, O].
Tensor conv1d(const Tensor& x, const Tensor& w, const Tensor& bias = {},
              const Conv1dOptions& options = {});

struct Conv3dOptions {
  Size3 stride = 1;
  Size3 padding = 0;  ///< zeros on each of two opposite sides; or kSamePadding
  Size3 dilation = 1;
  int64_t groups = 1;
  bool relu = false;  ///< applied to the result, at no cost
};

/// x[N, D, H, W, C] and w[O, kd, kh, kw, C / groups], plus bias[O] if defined; sizes as in conv1d.
/// Takes memory for kd times x.
Tensor conv3d(const Tensor& x, const Tensor& w, const Tensor& bias = {},
              const Conv3dOptions& options = {});

struct ConvTranspose1dOptions {
  int64_t stride = 1;
  int64_t padding = 0;         ///< cut off from each end of the result
  int64_t output_padding = 0;  ///< places more at the end; less than stride or dilation
  int64_t dilation = 1;
  int64_t groups = 1;
};

/// The transpose of conv1d: x[N, L, C] and w[C, k, O / groups] give
/// [N, (L - 1) * stride - 2 * padding + dilation * (k - 1) + output_padding + 1, O].
Tensor conv_transpose1d(const Tensor& x, const Tensor& w, const Tensor& bias = {},
                        const ConvTranspose1dOptions& options = {});

struct ConvTranspose3dOptions {
  Size3 stride = 1;
  Size3 padding = 0;         ///< cut off from each side of the result
  Size3 output_padding = 0;  ///< places more at the end; less than stride or dilation
  Size3 dilation = 1;
  int64_t groups = 1;
};

/// The transpose of conv3d, with w[C, kd, kh, kw, O / groups]; sizes as in conv_transpose1d.
Tensor conv_transpose3d(const Tensor& x, const Tensor& w, const Tensor& bias = {},
                        const ConvTranspose3dOptions& options = {});

}  // namespace strata
