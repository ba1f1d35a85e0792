#pragma once

#include "strata/tensor/tensor.h"

// Matrices [..., n, n] that distributions of normal vectors are made of.
namespace strata::distributions::internal {

/// The last two axes exchanged.
Tensor turned(const Tensor& matrices);
/// L, lower triangular, of (L L^T)^-1 = precision.
Tensor tril_of_precision(const Tensor& precision);
/// L^-1 x for L = scale_tril and vectors x [..., n].
Tensor whitened(const Tensor& scale_tril, const Tensor& x);
/// log(det(L)).
Tensor log_det(const Tensor& scale_tril);

}  // namespace strata::distributions::internal
