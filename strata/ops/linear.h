#pragma once

#include "strata/kernels/activation.h"
#include "strata/tensor/tensor.h"

namespace strata {

using kernels::Activation;

/// activation(x w^T + bias): x [..., in], w [out, in], bias [out] or undefined; [..., out]. The
/// bias and the activation are applied while the product is in the cache. Gradients of relu,
/// sigmoid and tanh are taken from the result; the other activations, whose gradient needs their
/// input, are separate steps while gradients are recorded. One dtype, or bf16 for w, bias or both
/// with f32 for x: sums, result and x's gradient are then f32, as the weights are read where they
/// lie, in half the time where memory decides. Throws ShapeError, DTypeError.
Tensor linear(const Tensor& x, const Tensor& w, const Tensor& bias = {},
              Activation activation = Activation::none);

}  // namespace strata
