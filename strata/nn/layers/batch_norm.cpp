#include "strata/nn/layers/batch_norm.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/ops/creation.h"
#include "strata/ops/normalize.h"

namespace strata::nn {

BatchNorm::BatchNorm(const char* type, const BatchNormConfig& config, int least_rank, int rank)
    : type_(type), config_(config), least_rank_(least_rank), rank_(rank) {
  require_positive(type, {{"channels", config.channels}});
  const Shape shape = {config.channels};
  if (config.affine) {
    weight = parameter(shape);
    bias = parameter(shape);
    init::constant(weight, 1);
    init::constant(bias, 0);
  }
  if (!config.running) return;
  running_mean = zeros(shape, DType::f32, default_device());
  running_var = ones(shape, DType::f32, default_device());
  num_batches_tracked = zeros({}, DType::i64, default_device());
}

Tensor BatchNorm::forward(const Tensor& x) {
  if (x.rank() < least_rank_ || x.rank() > rank_) {
    const std::string axes =
        least_rank_ == rank_ ? std::to_string(rank_) : fmt::format("{} or {}", least_rank_, rank_);
    throw ShapeError(type_, fmt::format("takes inputs of {} axes, got {}", axes, describe(x)));
  }
  const bool counts = config_.running && training() && !num_batches_tracked.is_meta();
  const int64_t number = counts ? num_batches_tracked.item<int64_t>() + 1 : 0;
  double momentum = config_.momentum;
  if (counts && config_.cumulative) momentum = 1 / static_cast<double>(number);
  const Tensor y = batch_norm(x, running_mean, running_var, weight, bias,
                              {.training = training() || !config_.running,
                               .momentum = momentum,
                               .eps = config_.eps,
                               .relu = config_.relu});
  if (counts) {
    *num_batches_tracked.data<int64_t>() = number;
    num_batches_tracked.bump_version();
  }
  return y;
}

}  // namespace strata::nn
