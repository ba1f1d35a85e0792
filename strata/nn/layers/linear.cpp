#include "strata/nn/layers/linear.h"

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/copy.h"
#include "strata/ops/linear.h"

namespace strata::nn {

Linear::Linear(const LinearConfig& config) : config_(config) {
  require_positive("Linear", {{"in", config.in}, {"out", config.out}});
  weight = parameter({config.out, config.in});
  if (config.bias) bias = parameter({config.out});
  init::torch_default(weight, bias);
}

Tensor Linear::forward(const Tensor& x) {
  return cast(linear(to_compute(x), to_compute(weight), to_compute(bias), config_.activation),
              x.dtype());
}

}  // namespace strata::nn
