#include "strata/nn/layers/local_norm.h"

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/normalize.h"
#include "strata/ops/reduce.h"
#include "strata/tape/grad_mode.h"

namespace strata::nn {

InstanceNorm::InstanceNorm(const InstanceNormConfig& config) : config_(config) {
  require_positive("InstanceNorm", {{"channels", config.channels}});
  if (config.running) {
    running_mean = zeros({config.channels}, DType::f32, default_device());
    running_var = ones({config.channels}, DType::f32, default_device());
    num_batches_tracked = zeros({}, DType::i64, default_device());
  }
  if (!config.affine) return;
  weight = parameter({config.channels});
  bias = parameter({config.channels});
  init::constant(weight, 1);
  init::constant(bias, 0);
}

Tensor InstanceNorm::forward(const Tensor& x) {
  if (config_.running) internal::check_same_device("InstanceNorm", x, running_mean);
  if (config_.running && !training()) {
    if (x.rank() < 3) {
      throw ShapeError("InstanceNorm",
                       "takes [N, ..., channels] with places in between, got " + describe(x));
    }
    return batch_norm(x, running_mean, running_var, weight, bias, {.eps = config_.eps});
  }
  const Tensor y = instance_norm(x, weight, bias, config_.eps);
  if (config_.running && !x.is_meta() && x.numel() > 0) follow(x);
  return y;
}

void InstanceNorm::follow(const Tensor& x) {
  const NoGrad no_grad;
  Dims between;
  for (int i = 1; i < x.rank() - 1; ++i) between.push_back(i);
  const Tensor values = x.dtype() == DType::f64 ? x : cast(x, DType::f32);
  const double kept = 1 - config_.momentum;
  const auto move = [&](Tensor& running, const Tensor& of_samples) {
    copy_(running, kept * running + config_.momentum * mean(of_samples, {0}));
  };
  move(running_mean, mean(values, between));
  move(running_var, var(values, between));
}

LocalResponseNorm::LocalResponseNorm(const LocalResponseNormOptions& config) : config_(config) {
  require_positive("LocalResponseNorm", {{"size", config.size}});
}

Tensor LocalResponseNorm::forward(const Tensor& x) { return local_response_norm(x, config_); }

}  // namespace strata::nn
