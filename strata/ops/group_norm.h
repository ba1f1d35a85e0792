#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata {

struct GroupNormOptions {
  double eps = 1e-5;
  bool silu = false;  ///< y = z sigmoid(z) of the normalised z, fused
  /// Added to all positions of x before it is normalised, fused: [samples, channels].
  Tensor shift = {};
};

/// (x - mean) / sqrt(variance + eps) * weight + bias over the axes between the first and the last,
/// and over each of `groups` groups of neighbouring channels (the last axis) of
/// x [samples, ..., channels]; of x's shape and dtype (Wu and He, "Group normalization", 2018).
/// weight and bias are [channels], or undefined: 1 and 0. bf16 and f16 are computed in f32; weight,
/// bias and shift may be f32 beside them. Throws DTypeError for an x of integers, ShapeError where
/// the shapes do not fit and ValueError where the groups do not divide the channels.
Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& weight = {},
                  const Tensor& bias = {}, const GroupNormOptions& options = {});

}  // namespace strata
