#pragma once

#include <cstdint>
#include <optional>

#include "strata/tensor/tensor.h"

namespace strata {

/// Normalisations: y = (x - mean) / sqrt(variance + eps) * weight + bias, of x's shape and dtype.
/// bf16 and f16 are computed in f32; weight and bias may be f32 beside them, or undefined: 1 and 0.
/// All throw DTypeError for an x of integers and ShapeError where the shapes do not fit.

struct BatchNormOptions {
  bool training = false;  ///< statistics of the batch, else the running ones
  double momentum = 0.1;  ///< how far the running statistics move towards those of the batch
  double eps = 1e-5;
  bool relu = false;  ///< y = max(y, 0), fused
};

/// Over all axes of x but the last, the channels (Ioffe and Szegedy, 2015; as torch's batch_norm).
/// weight, bias and the running statistics are [channels]. In training the running statistics are
/// updated in place, the variance with the unbiased one; both may be undefined. Throws ValueError
/// for a single value a channel in training, and for undefined statistics outside of it.
Tensor batch_norm(const Tensor& x, Tensor running_mean, Tensor running_var,
                  const Tensor& weight = {}, const Tensor& bias = {},
                  const BatchNormOptions& options = {});

/// Over the last axes of x, whose sizes are `shape`, as are those of weight and bias (Ba, Kiros and
/// Hinton, 2016).
Tensor layer_norm(const Tensor& x, const Shape& shape, const Tensor& weight = {},
                  const Tensor& bias = {}, double eps = 1e-5);

/// x / sqrt(mean(x^2) + eps) * weight over the last axes of x, whose sizes are `shape` (Zhang and
/// Sennrich, 2019). eps is the epsilon of the dtype computed in where it is left out, as in torch.
Tensor rms_norm(const Tensor& x, const Shape& shape, const Tensor& weight = {},
                std::optional<double> eps = {});

}  // namespace strata
