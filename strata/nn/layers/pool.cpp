#include "strata/nn/layers/pool.h"

#include "strata/nn/config_check.h"
#include "strata/ops/lp_pool.h"

namespace strata::nn {
namespace {

void check(const char* layer, const Pool2dConfig& c) {
  require_positive(layer, {{"kernel", c.kernel.h}, {"kernel", c.kernel.w}});
}

Pool2dOptions options_of(const Pool2dConfig& c) {
  return {.kernel = c.kernel,
          .stride = c.stride,
          .padding = c.padding,
          .dilation = c.dilation,
          .ceil_mode = c.ceil_mode,
          .count_include_pad = c.count_include_pad};
}

}  // namespace

MaxPool2d::MaxPool2d(const Pool2dConfig& config) : config_(config) { check("MaxPool2d", config); }

Tensor MaxPool2d::forward(const Tensor& x) { return max_pool2d(x, options_of(config_)); }

AvgPool2d::AvgPool2d(const Pool2dConfig& config) : config_(config) { check("AvgPool2d", config); }

Tensor AvgPool2d::forward(const Tensor& x) { return avg_pool2d(x, options_of(config_)); }

LPPool2d::LPPool2d(const LPPool2dConfig& config) : config_(config) {
  require_positive("LPPool2d", {{"kernel", config.kernel.h}, {"kernel", config.kernel.w}});
}

Tensor LPPool2d::forward(const Tensor& x) {
  return lp_pool2d(
      x, config_.p,
      {.kernel = config_.kernel, .stride = config_.stride, .ceil_mode = config_.ceil_mode});
}

Tensor AdaptiveAvgPool2d::forward(const Tensor& x) { return adaptive_avg_pool2d(x, config_.size); }

Tensor AdaptiveMaxPool2d::forward(const Tensor& x) { return adaptive_max_pool2d(x, config_.size); }

}  // namespace strata::nn
