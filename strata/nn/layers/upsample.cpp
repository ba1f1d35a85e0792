#include "strata/nn/layers/upsample.h"

#include "strata/nn/config_check.h"

namespace strata::nn {

Upsample::Upsample(const UpsampleConfig& config) : config_(config) {
  require_positive("Upsample", {{"scale", config.scale}});
}

Tensor Upsample::forward(const Tensor& x) {
  const auto scale = static_cast<double>(config_.scale);
  return upsample2d(x, {.scale_h = scale,
                        .scale_w = scale,
                        .mode = config_.mode,
                        .align_corners = config_.align_corners});
}

}  // namespace strata::nn
