#include "strata/nn/layers/activation.h"

#include "strata/ops/activations.h"
#include "strata/ops/unary.h"

namespace strata::nn {

Tensor ReLU::forward(const Tensor& x) { return relu(x); }

Tensor Sigmoid::forward(const Tensor& x) { return sigmoid(x); }

Tensor Tanh::forward(const Tensor& x) { return tanh(x); }

Tensor GELU::forward(const Tensor& x) { return gelu(x); }

Tensor SiLU::forward(const Tensor& x) { return silu(x); }

}  // namespace strata::nn
