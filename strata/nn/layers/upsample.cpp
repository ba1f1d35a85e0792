#include "strata/nn/layers/upsample.h"

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::nn {

Upsample::Upsample(const UpsampleConfig& config) : config_(config) {
  if (config.size != Size2(0)) {
    if (config.size.h > 0 && config.size.w > 0) return;
    throw ValueError("Upsample", fmt::format(".size must be at least 1, got {} x {}", config.size.h,
                                             config.size.w));
  }
  if (config.scale > 0) return;
  throw ValueError("Upsample", fmt::format(".scale must be above 0, got {}", config.scale));
}

Tensor Upsample::forward(const Tensor& x) {
  const double scale = config_.size == Size2(0) ? config_.scale : 0;
  return upsample2d(x, {.size = config_.size,
                        .scale_h = scale,
                        .scale_w = scale,
                        .mode = config_.mode,
                        .align_corners = config_.align_corners});
}

}  // namespace strata::nn
