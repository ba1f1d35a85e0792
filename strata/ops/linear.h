#pragma once

#include "strata/kernels/activation.h"
#include "strata/tensor/tensor.h"

namespace strata {

using kernels::Activation;

/// activation(x w^T + bias): x [..., in], w [out, in], bias [out] or undefined; [..., out]. The
/// bias and the activation are applied while the product is in the cache. Gradients of relu,
/// sigmoid and tanh are taken from the result; the other activations, whose gradient needs their
/// input, are separate steps while gradients are recorded. Throws ShapeError, DTypeError.
Tensor linear(const Tensor& x, const Tensor& w, const Tensor& bias = {},
              Activation activation = Activation::none);

}  // namespace strata
