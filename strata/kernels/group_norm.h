#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

// x, y, dy and dx are contiguous [samples, length, channels] of one dtype: f32, bf16 or f64.
// Everything else is of the dtype computed in, f64 for f64 and f32 else. shift, mean and inverse
// are [samples, channels], weight and bias [channels].

struct GroupNorm {
  int64_t groups = 1;  ///< of neighbouring channels
  double eps = 1e-5;
  bool silu = false;  ///< y = z sigmoid(z) of the normalised z
};

/// y = (x - mean) inverse weight + bias, with the statistics of each group of x + shift. Fills
/// mean, from which the shift is taken off, and inverse. shift, weight and bias may be undefined.
void group_norm(Cpu, const GroupNorm& norm, const Tensor& x, const Tensor& shift,
                const Tensor& weight, const Tensor& bias, Tensor& mean, Tensor& inverse, Tensor& y);

/// Its gradients; undefined ones are not wanted.
struct GroupNormGrads {
  Tensor dx, dshift, dweight, dbias;
};
void group_norm_grad(Cpu, const GroupNorm& norm, const Tensor& x, const Tensor& dy,
                     const Tensor& weight, const Tensor& bias, const Tensor& mean,
                     const Tensor& inverse, GroupNormGrads& grads);

}  // namespace strata::kernels
