#include "strata/nn/layers/conv_nd.h"

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/copy.h"

namespace strata::nn {

Conv1d::Conv1d(const Conv1dConfig& config) : config_(config) {
  require_positive("Conv1d", {{"in", config.in}, {"out", config.out}, {"kernel", config.kernel}});
  require_groups("Conv1d", config.in, config.out, config.groups);
  weight = parameter({config.out, config.kernel, config.in / config.groups});
  if (config.bias) bias = parameter({config.out});
  init::torch_default(weight, bias);
}

Tensor Conv1d::forward(const Tensor& x) {
  const bool zeros = config_.padding_mode == PadMode::constant;
  const int64_t p = config_.padding;
  const Tensor all = zeros ? x : pad(x, {{1, p, p}}, config_.padding_mode);
  const Tensor y = conv1d(to_compute(all), to_compute(weight), to_compute(bias),
                          {.stride = config_.stride,
                           .padding = zeros ? p : 0,
                           .dilation = config_.dilation,
                           .groups = config_.groups,
                           .relu = config_.relu});
  return cast(y, x.dtype());
}

Conv3d::Conv3d(const Conv3dConfig& config) : config_(config) {
  require_positive("Conv3d", {{"in", config.in},
                              {"out", config.out},
                              {"kernel", config.kernel.d},
                              {"kernel", config.kernel.h},
                              {"kernel", config.kernel.w}});
  require_groups("Conv3d", config.in, config.out, config.groups);
  weight = parameter(
      {config.out, config.kernel.d, config.kernel.h, config.kernel.w, config.in / config.groups});
  if (config.bias) bias = parameter({config.out});
  init::torch_default(weight, bias);
}

Tensor Conv3d::forward(const Tensor& x) {
  const bool zeros = config_.padding_mode == PadMode::constant;
  const Size3 p = config_.padding;
  const Tensor all =
      zeros ? x : pad(x, {{1, p.d, p.d}, {2, p.h, p.h}, {3, p.w, p.w}}, config_.padding_mode);
  const Tensor y = conv3d(to_compute(all), to_compute(weight), to_compute(bias),
                          {.stride = config_.stride,
                           .padding = zeros ? p : Size3(0),
                           .dilation = config_.dilation,
                           .groups = config_.groups,
                           .relu = config_.relu});
  return cast(y, x.dtype());
}

}  // namespace strata::nn
