#include "strata/nn/layers/activation.h"

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/softmax.h"
#include "strata/ops/unary.h"

namespace strata::nn {

Tensor ReLU::forward(const Tensor& x) { return relu(x); }

Tensor Sigmoid::forward(const Tensor& x) { return sigmoid(x); }

Tensor Tanh::forward(const Tensor& x) { return tanh(x); }

Tensor GELU::forward(const Tensor& x) { return config_.tanh ? gelu_tanh(x) : gelu(x); }

Tensor SiLU::forward(const Tensor& x) { return silu(x); }

Tensor ReLU6::forward(const Tensor& x) { return relu6(x); }

Tensor SELU::forward(const Tensor& x) { return selu(x); }

Tensor Mish::forward(const Tensor& x) { return mish(x); }

Tensor Hardsigmoid::forward(const Tensor& x) { return hardsigmoid(x); }

Tensor Hardswish::forward(const Tensor& x) { return hardswish(x); }

Tensor Softsign::forward(const Tensor& x) { return softsign(x); }

Tensor LogSigmoid::forward(const Tensor& x) { return logsigmoid(x); }

Tensor Tanhshrink::forward(const Tensor& x) { return tanhshrink(x); }

Tensor LeakyReLU::forward(const Tensor& x) { return leaky_relu(x, config_.slope); }

Tensor ELU::forward(const Tensor& x) { return elu(x, config_.alpha); }

Tensor CELU::forward(const Tensor& x) { return celu(x, config_.alpha); }

Tensor Hardtanh::forward(const Tensor& x) { return hardtanh(x, config_.low, config_.high); }

Tensor Softplus::forward(const Tensor& x) { return softplus(x, config_.beta, config_.threshold); }

Tensor Softshrink::forward(const Tensor& x) { return softshrink(x, config_.lambda); }

Tensor Hardshrink::forward(const Tensor& x) { return hardshrink(x, config_.lambda); }

Tensor Threshold::forward(const Tensor& x) { return threshold(x, config_.limit, config_.value); }

Tensor GLU::forward(const Tensor& x) { return glu(x, config_.axis); }

Tensor Softmax::forward(const Tensor& x) { return softmax(x, config_.axis); }

Tensor LogSoftmax::forward(const Tensor& x) { return log_softmax(x, config_.axis); }

Tensor Softmin::forward(const Tensor& x) { return softmax(-x, config_.axis); }

Tensor Softmax2d::forward(const Tensor& x) {
  if (x.rank() != 3 && x.rank() != 4) {
    throw ShapeError("Softmax2d", "x must be [N, H, W, C] or [H, W, C], got " + describe(x));
  }
  return softmax(x);
}

Tensor RReLU::forward(const Tensor& x) {
  return rrelu(x, config_.low, config_.high, training(), default_generator());
}

PReLU::PReLU(const PReLUConfig& config) : config_(config) {
  require_positive("PReLU", {{"channels", config.channels}});
  weight = parameter({config.channels});
  init::constant(weight, config.init);
}

Tensor PReLU::forward(const Tensor& x) { return prelu(x, weight); }

}  // namespace strata::nn
