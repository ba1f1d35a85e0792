#include "strata/nn/layers/pool_nd.h"

#include "strata/nn/config_check.h"
#include "strata/ops/lp_pool.h"

namespace strata::nn {
namespace {

void check(const char* layer, const Pool1dConfig& c) {
  require_positive(layer, {{"kernel", c.kernel}});
}
void check(const char* layer, const Pool3dConfig& c) {
  require_positive(layer, {{"kernel", c.kernel.d}, {"kernel", c.kernel.h}, {"kernel", c.kernel.w}});
}

template <class Options, class Config>
Options options_of(const Config& c) {
  Options o;
  o.kernel = c.kernel;
  o.stride = c.stride;
  o.padding = c.padding;
  o.dilation = c.dilation;
  o.ceil_mode = c.ceil_mode;
  o.count_include_pad = c.count_include_pad;
  return o;
}

}  // namespace

MaxPool1d::MaxPool1d(const Pool1dConfig& config) : config_(config) { check("MaxPool1d", config); }
Tensor MaxPool1d::forward(const Tensor& x) {
  return max_pool1d(x, options_of<Pool1dOptions>(config_));
}

AvgPool1d::AvgPool1d(const Pool1dConfig& config) : config_(config) { check("AvgPool1d", config); }
Tensor AvgPool1d::forward(const Tensor& x) {
  return avg_pool1d(x, options_of<Pool1dOptions>(config_));
}

LPPool1d::LPPool1d(const LPPool1dConfig& config) : config_(config) {
  require_positive("LPPool1d", {{"kernel", config.kernel}});
}
Tensor LPPool1d::forward(const Tensor& x) {
  return lp_pool1d(
      x, config_.p,
      {.kernel = config_.kernel, .stride = config_.stride, .ceil_mode = config_.ceil_mode});
}

Tensor AdaptiveMaxPool1d::forward(const Tensor& x) { return adaptive_max_pool1d(x, config_.size); }

Tensor AdaptiveAvgPool1d::forward(const Tensor& x) { return adaptive_avg_pool1d(x, config_.size); }

MaxPool3d::MaxPool3d(const Pool3dConfig& config) : config_(config) { check("MaxPool3d", config); }
Tensor MaxPool3d::forward(const Tensor& x) {
  return max_pool3d(x, options_of<Pool3dOptions>(config_));
}

AvgPool3d::AvgPool3d(const Pool3dConfig& config) : config_(config) { check("AvgPool3d", config); }
Tensor AvgPool3d::forward(const Tensor& x) {
  return avg_pool3d(x, options_of<Pool3dOptions>(config_));
}

Tensor AdaptiveMaxPool3d::forward(const Tensor& x) { return adaptive_max_pool3d(x, config_.size); }

Tensor AdaptiveAvgPool3d::forward(const Tensor& x) { return adaptive_avg_pool3d(x, config_.size); }

}  // namespace strata::nn
