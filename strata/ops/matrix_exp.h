#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// The exponential 1 + a + a a / 2 + ... of square matrices [..., n, n], by scaling, a Pade
/// approximant and squaring (Higham, "The scaling and squaring method for the matrix exponential
/// revisited", 2005). f32 and f64; NaN and infinity give NaN. Throws DTypeError, ShapeError. As
/// torch.linalg.matrix_exp.
Tensor matrix_exp(const Tensor& a);

}  // namespace strata
