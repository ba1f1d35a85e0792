#pragma once

#include "strata/base/random.h"
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

// The rest is made of other ops and takes several passes over memory.

/// x above 0, alpha (e^x - 1) below (Clevert et al., "Fast and Accurate Deep Network Learning by
/// Exponential Linear Units", 2016).
Tensor elu(const Tensor& x, double alpha = 1);

/// elu with the alpha and the scale that keep mean 0 and variance 1 (Klambauer et al.,
/// "Self-Normalizing Neural Networks", 2017).
Tensor selu(const Tensor& x);

/// x above 0, alpha (e^(x / alpha) - 1) below (Barron, "Continuously Differentiable Exponential
/// Linear Units", 2017). Throws ValueError for an alpha of 0.
Tensor celu(const Tensor& x, double alpha = 1);

/// x tanh(softplus(x)) (Misra, "Mish", 2019).
Tensor mish(const Tensor& x);

/// min(max(x, low), high). The gradient is 0 at the bounds, where that of clamp passes. Throws
/// ValueError where low > high.
Tensor hardtanh(const Tensor& x, double low = -1, double high = 1);

/// min(max(x, 0), 6).
Tensor relu6(const Tensor& x);

/// relu6(x + 3) / 6.
Tensor hardsigmoid(const Tensor& x);

/// x relu6(x + 3) / 6 (Howard et al., "Searching for MobileNetV3", 2019).
Tensor hardswish(const Tensor& x);

/// x / (1 + |x|).
Tensor softsign(const Tensor& x);

/// log(sigmoid(x)), without its loss of small probabilities.
Tensor logsigmoid(const Tensor& x);

/// x - tanh(x).
Tensor tanhshrink(const Tensor& x);

/// x moved towards 0 by `lambda`, 0 where it would pass it. Throws ValueError for lambda < 0.
Tensor softshrink(const Tensor& x, double lambda = 0.5);

/// x, but 0 where |x| <= lambda.
Tensor hardshrink(const Tensor& x, double lambda = 0.5);

/// x above `limit`, else `value`.
Tensor threshold(const Tensor& x, double limit, double value);

/// x above 0, weight x below, for a weight of one element or one for each channel, which is the
/// *last* axis (He et al., "Delving Deep into Rectifiers", 2015). Throws ShapeError.
Tensor prelu(const Tensor& x, const Tensor& weight);

/// x above 0, slope x below: while `training` with a slope of each element's own, uniform in [low,
/// high), else with their mean (Xu et al., "Empirical Evaluation of Rectified Activations in
/// Convolutional Network", 2015). Throws ValueError unless low <= high and both are finite.
Tensor rrelu(const Tensor& x, double low = 1.0 / 8, double high = 1.0 / 3, bool training = false,
             Generator& generator = default_generator());

/// a sigmoid(b) of the two halves a and b of x along `axis` (Dauphin et al., "Language Modeling
/// with Gated Convolutional Networks", 2017). Throws ShapeError for an axis of odd size.
Tensor glu(const Tensor& x, int axis = -1);

}  // namespace strata
