#include "strata/nn/layers/batch_norm.h"

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/ops/creation.h"
#include "strata/ops/normalize.h"

namespace strata::nn {

BatchNorm2d::BatchNorm2d(const BatchNorm2dConfig& config) : config_(config) {
  require_positive("BatchNorm2d", {{"channels", config.channels}});
  const Shape shape = {config.channels};
  if (config.affine) {
    weight = parameter(shape);
    bias = parameter(shape);
    init::constant(weight, 1);
    init::constant(bias, 0);
  }
  running_mean = zeros(shape, DType::f32, default_device());
  running_var = ones(shape, DType::f32, default_device());
  num_batches_tracked = zeros({}, DType::i64, default_device());
}

Tensor BatchNorm2d::forward(const Tensor& x) {
  if (training() && !num_batches_tracked.is_meta()) {
    ++*num_batches_tracked.data<int64_t>();
    num_batches_tracked.bump_version();
  }
  return batch_norm(x, running_mean, running_var, weight, bias,
                    {.training = training(),
                     .momentum = config_.momentum,
                     .eps = config_.eps,
                     .relu = config_.relu});
}

}  // namespace strata::nn
