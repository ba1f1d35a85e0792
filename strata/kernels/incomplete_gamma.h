#pragma once

#include "strata/tensor/tensor.h"

// The incomplete gamma functions of each element, in f64 for all dtypes and rounded once. a and x
// broadcast to y's shape; y is floating.
namespace strata::kernels {

/// y = P(a, x) = integral of t^(a - 1) e^-t from 0 to x, divided by gamma(a); NaN for a < 0 or
/// x < 0.
void igamma(Cpu, const Tensor& a, const Tensor& x, Tensor& y);
/// y = 1 - P(a, x), with all digits where that is small.
void igammac(Cpu, const Tensor& a, const Tensor& x, Tensor& y);

}  // namespace strata::kernels
