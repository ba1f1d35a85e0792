#include "strata/nn/layers/conv.h"

#include <array>

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/copy.h"

namespace strata::nn {
namespace {

/// Throws ValueError for kSamePadding with a stride.
std::array<AxisPad, 2> pads_of(const Conv2dConfig& c) {
  const auto axis = [](int64_t i, int64_t padding, int64_t kernel, int64_t stride,
                       int64_t dilation) {
    return internal::axis_padding("Conv2d", i, padding, kernel, stride, dilation);
  };
  return {axis(1, c.padding.h, c.kernel.h, c.stride.h, c.dilation.h),
          axis(2, c.padding.w, c.kernel.w, c.stride.w, c.dilation.w)};
}

}  // namespace

Conv2d::Conv2d(const Conv2dConfig& config) : config_(config) {
  require_positive("Conv2d", {{"in", config.in},
                              {"out", config.out},
                              {"kernel", config.kernel.h},
                              {"kernel", config.kernel.w}});
  require_groups("Conv2d", config.in, config.out, config.groups);
  pads_of(config);
  weight = parameter({config.out, config.kernel.h, config.kernel.w, config.in / config.groups});
  if (config.bias) bias = parameter({config.out});
  init::torch_default(weight, bias);
}

Tensor Conv2d::forward(const Tensor& x) {
  const bool zeros = config_.padding_mode == PadMode::constant;
  const Tensor all = zeros ? x : pad(x, pads_of(config_), config_.padding_mode);
  const Tensor y = conv2d(to_compute(all), to_compute(weight), to_compute(bias),
                          {.stride = config_.stride,
                           .padding = zeros ? config_.padding : Size2(0),
                           .dilation = config_.dilation,
                           .groups = config_.groups,
                           .relu = config_.relu});
  return cast(y, x.dtype());
}

}  // namespace strata::nn
