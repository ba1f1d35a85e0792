#include "strata/nn/layers/unpool.h"

#include "strata/nn/config_check.h"

namespace strata::nn {

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

}  // namespace strata::nn
