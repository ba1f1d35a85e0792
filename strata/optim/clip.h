#pragma once

#include <span>

#include "strata/tensor/tensor.h"

namespace strata {

struct ClipNormOptions {
  double norm_type = 2;             ///< order of the norm, above 0; infinity for the largest |g|
  bool error_if_nonfinite = false;  ///< throw NumericError, gradients untouched
};

/// Scales the gradients of all parameters, seen as one vector, down to a norm of `max_norm` where
/// it is more, and returns what the norm was (0 without gradients). As torch.nn.utils, a norm that
/// is not finite makes gradients NaN or zero unless `error_if_nonfinite`. The sum is taken in f64
/// in a fixed order. Throws ValueError for a negative max_norm, DTypeError for gradients other than
/// f32 and f64, DeviceError for one that is not on its parameter's device.
double clip_grad_norm_(std::span<const Tensor> params, double max_norm,
                       const ClipNormOptions& options = {});

/// Clamps each gradient to [-limit, limit]. Throws ValueError for a negative limit; DTypeError and
/// DeviceError as above.
void clip_grad_value_(std::span<const Tensor> params, double limit);

}  // namespace strata
