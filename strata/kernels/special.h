#pragma once

#include <cstdint>

#include "strata/device/device.h"
#include "strata/tensor/tensor.h"

// Functions of each element that are not hot: one scalar call for each, in f64 for all dtypes and
// rounded once. Floating y only, but for fmod and remainder.
namespace strata::kernels {

enum class Function1 : uint8_t {
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  log2,
  log10,
  exp2,
  trunc,
  erfc,
  erfinv,
  lgamma,
  digamma,
};
void special(Cpu, Function1 f, const Tensor& x, Tensor& y);

/// a and b broadcast to y's shape. fmax and fmin give the other where one is NaN. fmod has the sign
/// of a and remainder that of b; of integers too, where b = 0 throws ValueError. polygamma(a, b) is
/// the a-th derivative of digamma at b.
enum class Function2 : uint8_t { atan2, hypot, fmod, remainder, fmax, fmin, logaddexp, polygamma };
void special(Cpu, Function2 f, const Tensor& a, const Tensor& b, Tensor& y);

}  // namespace strata::kernels
