#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata {

/// Each channel of each sample brought to mean 0 and variance 1 over the axes between, then times
/// weight plus bias by channel: group_norm of x[samples, ..., channels] with a group for each
/// channel (Ulyanov et al., "Instance normalization", 2016). Throws as group_norm; ShapeError for
/// an x without axes between, ValueError for a single value a channel.
Tensor instance_norm(const Tensor& x, const Tensor& weight = {}, const Tensor& bias = {},
                     double eps = 1e-5);

struct LocalResponseNormOptions {
  int64_t size = 5;  ///< neighbouring channels that count
  double alpha = 1e-4, beta = 0.75, k = 1;
};

/// x / (k + alpha / size * s)^beta, s the sum of squares over `size` channels (the last axis)
/// around each, fewer at the ends; x[samples, ..., channels]. Of x's dtype, halves computed in f32.
/// Differentiable any number of times. Throws ShapeError, DTypeError and ValueError. Krizhevsky et
/// al., "ImageNet classification with deep convolutional neural networks", 2012; as
/// torch.nn.functional.local_response_norm.
Tensor local_response_norm(const Tensor& x, const LocalResponseNormOptions& options = {});

}  // namespace strata
