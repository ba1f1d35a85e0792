#include "strata/nn/layers/conv_nd.h"

#include <array>

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/copy.h"

namespace strata::nn {
namespace {

/// Throws ValueError for kSamePadding with a stride.
std::array<AxisPad, 1> pads_of(const Conv1dConfig& c) {
  return {internal::axis_padding("Conv1d", 1, c.padding, c.kernel, c.stride, c.dilation)};
}
std::array<AxisPad, 3> pads_of(const Conv3dConfig& c) {
  const auto axis = [](int64_t i, int64_t padding, int64_t kernel, int64_t stride,
                       int64_t dilation) {
    return internal::axis_padding("Conv3d", i, padding, kernel, stride, dilation);
  };
  return {axis(1, c.padding.d, c.kernel.d, c.stride.d, c.dilation.d),
          axis(2, c.padding.h, c.kernel.h, c.stride.h, c.dilation.h),
          axis(3, c.padding.w, c.kernel.w, c.stride.w, c.dilation.w)};
}

}  // namespace

Conv1d::Conv1d(const Conv1dConfig& config) : config_(config) {
  require_positive("Conv1d", {{"in", config.in}, {"out", config.out}, {"kernel", config.kernel}});
  require_groups("Conv1d", config.in, config.out, config.groups);
  pads_of(config);
  weight = parameter({config.out, config.kernel, config.in / config.groups});
  if (config.bias) bias = parameter({config.out});
  init::torch_default(weight, bias);
}

Tensor Conv1d::forward(const Tensor& x) {
  const bool zeros = config_.padding_mode == PadMode::constant;
  const Tensor all = zeros ? x : pad(x, pads_of(config_), config_.padding_mode);
  const Tensor y = conv1d(to_compute(all), to_compute(weight), to_compute(bias),
                          {.stride = config_.stride,
                           .padding = zeros ? config_.padding : 0,
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
  pads_of(config);
  weight = parameter(
      {config.out, config.kernel.d, config.kernel.h, config.kernel.w, config.in / config.groups});
  if (config.bias) bias = parameter({config.out});
  init::torch_default(weight, bias);
}

Tensor Conv3d::forward(const Tensor& x) {
  const bool zeros = config_.padding_mode == PadMode::constant;
  const Tensor all = zeros ? x : pad(x, pads_of(config_), config_.padding_mode);
  const Tensor y = conv3d(to_compute(all), to_compute(weight), to_compute(bias),
                          {.stride = config_.stride,
                           .padding = zeros ? config_.padding : Size3(0),
                           .dilation = config_.dilation,
                           .groups = config_.groups,
                           .relu = config_.relu});
  return cast(y, x.dtype());
}

}  // namespace strata::nn
