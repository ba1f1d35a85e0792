#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

// Activations, element by element, of floating tensors in any layout. All throw DTypeError for
// other dtypes but relu, which takes integers too.

/// max(x, 0). The gradient at 0 is 0.
Tensor relu(const Tensor& x);
/// The way back of relu from its result y: dy, but 0 where y <= 0. For ops that apply relu in the
/// same pass as their own work.
Tensor relu_backward(const Tensor& dy, const Tensor& y);

/// max(a + b, 0) in one pass: how a residual block ends. Both of one shape and dtype. Throws
/// ShapeError and DTypeError.
Tensor add_relu(const Tensor& a, const Tensor& b);

/// x above 0, slope * x below.
Tensor leaky_relu(const Tensor& x, double slope = 0.01);

/// 1 / (1 + exp(-x)).
Tensor sigmoid(const Tensor& x);

/// x sigmoid(x), also called swish (Hendrycks and Gimpel 2016, Elfwing et al. 2017).
Tensor silu(const Tensor& x);

/// x Phi(x), with Phi the distribution function of the standard normal (Hendrycks and Gimpel,
/// "Gaussian Error Linear Units", 2016).
Tensor gelu(const Tensor& x);

/// The tanh form of gelu that GPT-2 and BERT's first code use:
/// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
Tensor gelu_tanh(const Tensor& x);

/// log(1 + exp(beta x)) / beta; x itself where beta x > threshold.
Tensor softplus(const Tensor& x, double beta = 1, double threshold = 20);

}  // namespace strata
