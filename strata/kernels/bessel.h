#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// I0 and I1, the modified Bessel functions of the first kind, and both times e^-|x|.
enum class Bessel : uint8_t { i0, i0e, i1, i1e };

/// y = f(x) for each element, in f64 for all dtypes and rounded once; y is floating.
void bessel(Cpu, Bessel f, const Tensor& x, Tensor& y);

}  // namespace strata::kernels
