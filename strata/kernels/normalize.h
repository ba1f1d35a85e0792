#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

// x, y, dy and dx are contiguous and of one dtype: f32, bf16 or f64. Everything else is of the
// dtype computed in, f64 for f64 and f32 else; weight and bias may be undefined (1 and 0).

/// Normalisation by channel of x [samples, length, channels] (batch norm: samples = 1).
struct ChannelNorm {
  bool relu = false;  ///< y = max(y, 0)
  double eps = 1e-5;
};

/// Fills mean and variance (the biased one), both [samples, channels].
void channel_statistics(Cpu, const Tensor& x, Tensor& mean, Tensor& variance);

/// inverse = 1 / sqrt(variance + eps).
void invert_variance(Cpu, double eps, const Tensor& variance, Tensor& inverse);

/// `running` statistics, [channels] and f32 or f64, move by `momentum` towards those of a batch of
/// `count` elements a channel; the variance towards the unbiased one.
void update_running(Cpu, double momentum, int64_t count, const Tensor& mean, const Tensor& variance,
                    Tensor& running_mean, Tensor& running_var);

/// y = (x - mean) inverse weight + bias.
void channel_norm(Cpu, const ChannelNorm& norm, const Tensor& x, const Tensor& weight,
                  const Tensor& bias, const Tensor& mean, const Tensor& inverse, Tensor& y);

/// Its gradients; `constant` statistics do not depend on x. dx may be undefined: not wanted.
void channel_norm_grad(Cpu, const ChannelNorm& norm, bool constant, const Tensor& x,
                       const Tensor& dy, const Tensor& weight, const Tensor& bias,
                       const Tensor& mean, const Tensor& inverse, Tensor& dx, Tensor& dweight,
                       Tensor& dbias);

/// Normalisation of the rows of x [rows, n]: layer norm, or with `rms` by the root of the mean
/// square, about zero and without a bias. Fills mean (unless rms) and inverse, [rows].
void row_norm(Cpu, bool rms, double eps, const Tensor& x, const Tensor& weight, const Tensor& bias,
              Tensor& mean, Tensor& inverse, Tensor& y);

/// Its gradients; dweight and dbias (undefined: not wanted) are summed over fixed chunks of rows.
void row_norm_grad(Cpu, bool rms, const Tensor& x, const Tensor& dy, const Tensor& weight,
                   const Tensor& mean, const Tensor& inverse, Tensor& dx, Tensor& dweight,
                   Tensor& dbias);

}  // namespace strata::kernels
