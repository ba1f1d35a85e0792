#include "strata/nn/layers/local_norm.h"

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"

namespace strata::nn {

InstanceNorm::InstanceNorm(const InstanceNormConfig& config) : config_(config) {
  require_positive("InstanceNorm", {{"channels", config.channels}});
  if (!config.affine) return;
  weight = parameter({config.channels});
  bias = parameter({config.channels});
  init::constant(weight, 1);
  init::constant(bias, 0);
}

Tensor InstanceNorm::forward(const Tensor& x) {
  return instance_norm(x, weight, bias, config_.eps);
}

LocalResponseNorm::LocalResponseNorm(const LocalResponseNormOptions& config) : config_(config) {
  require_positive("LocalResponseNorm", {{"size", config.size}});
}

Tensor LocalResponseNorm::forward(const Tensor& x) { return local_response_norm(x, config_); }

}  // namespace strata::nn
