#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

// Functions of each element, in any layout. Values outside of a function's domain give NaN or
// infinity as in PyTorch. These compute in floating point: integers and bools are cast to f32.

Tensor exp(const Tensor& x);
/// exp(x) - 1, accurate near 0.
Tensor expm1(const Tensor& x);
Tensor log(const Tensor& x);
/// log(1 + x), accurate near 0.
Tensor log1p(const Tensor& x);
Tensor sqrt(const Tensor& x);
/// 1 / sqrt(x).
Tensor rsqrt(const Tensor& x);
/// 1 / x.
Tensor reciprocal(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor tanh(const Tensor& x);
/// The error function.
Tensor erf(const Tensor& x);

// These keep the dtype. Throw DTypeError for bools.

Tensor neg(const Tensor& x);
/// The gradient at 0 is 0.
Tensor abs(const Tensor& x);
Tensor square(const Tensor& x);
/// -1, 0 or 1; 0 for NaN. Gradient: zero.
Tensor sign(const Tensor& x);
/// Rounding down, up, and to nearest with halves to even. Gradient: zero.
Tensor floor(const Tensor& x);
Tensor ceil(const Tensor& x);
Tensor round(const Tensor& x);

}  // namespace strata
