#include "strata/nn/layers/unpool.h"

#include "strata/nn/config_check.h"

namespace strata::nn {

MaxUnpool1d::MaxUnpool1d(const MaxUnpool1dConfig& config) : config_(config) {
  require_positive("MaxUnpool1d", {{"kernel", config.kernel}});
}

Tensor MaxUnpool1d::operator()(const Tensor& x, const Tensor& index, int64_t size) {
  return observe_call(*this, [&] {
    return max_unpool1d(
        x, index, {.kernel = config_.kernel, .stride = config_.stride, .padding = config_.padding},
        size);
  });
}

MaxUnpool2d::MaxUnpool2d(const MaxUnpool2dConfig& config) : config_(config) {
  require_positive("MaxUnpool2d", {{"kernel", config.kernel.h}, {"kernel", config.kernel.w}});
}

Tensor MaxUnpool2d::operator()(const Tensor& x, const Tensor& index, Size2 size) {
  return observe_call(*this, [&] {
    return max_unpool2d(
        x, index, {.kernel = config_.kernel, .stride = config_.stride, .padding = config_.padding},
        size);
  });
}

MaxUnpool3d::MaxUnpool3d(const MaxUnpool3dConfig& config) : config_(config) {
  require_positive(
      "MaxUnpool3d",
      {{"kernel", config.kernel.d}, {"kernel", config.kernel.h}, {"kernel", config.kernel.w}});
}

Tensor MaxUnpool3d::operator()(const Tensor& x, const Tensor& index, Size3 size) {
  return observe_call(*this, [&] {
    return max_unpool3d(
        x, index, {.kernel = config_.kernel, .stride = config_.stride, .padding = config_.padding},
        size);
  });
}

}  // namespace strata::nn
