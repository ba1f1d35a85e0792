#include "strata/nn/layers/conv.h"

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/copy.h"

namespace strata::nn {

Conv2d::Conv2d(const Conv2dConfig& config) : config_(config) {
  require_positive("Conv2d", {{"in", config.in},
                              {"out", config.out},
                              {"kernel", config.kernel.h},
                              {"kernel", config.kernel.w}});
  require_groups("Conv2d", config.in, config.out, config.groups);
  weight = parameter({config.out, config.kernel.h, config.kernel.w, config.in / config.groups});
  if (config.bias) bias = parameter({config.out});
  init::torch_default(weight, bias);
}

Tensor Conv2d::forward(const Tensor& x) {
  const bool zeros = config_.padding_mode == PadMode::constant;
  const Size2 p = config_.padding;
  const Tensor all = zeros ? x : pad(x, {{1, p.h, p.h}, {2, p.w, p.w}}, config_.padding_mode);
  const Tensor y = conv2d(to_compute(all), to_compute(weight), to_compute(bias),
                          {.stride = config_.stride,
                           .padding = zeros ? p : Size2(0),
                           .dilation = config_.dilation,
                           .groups = config_.groups,
                           .relu = config_.relu});
  return cast(y, x.dtype());
}

}  // namespace strata::nn
