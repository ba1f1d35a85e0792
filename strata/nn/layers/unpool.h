#pragma once

#include "strata/nn/module.h"
#include "strata/ops/unpool.h"

namespace strata::nn {

struct MaxUnpool2dConfig {
  Size2 kernel = -1;  ///< required; these three as the pooling's
  Size2 stride = 0;   ///< the kernel's size unless set
  Size2 padding = 0;
};

/// Images [N, h, w, C] put back where max_pool2d_with_indices found them, zeros elsewhere; see
/// max_unpool2d. Throws ValueError for a missing kernel.
class MaxUnpool2d final : public Module {
 public:
  explicit MaxUnpool2d(const MaxUnpool2dConfig& config);
  std::string type() const override { return "MaxUnpool2d"; }
  /// `size` is that of the images before the pooling, where the windows left some of it out.
  Tensor operator()(const Tensor& x, const Tensor& index, Size2 size = 0);
  const MaxUnpool2dConfig& config() const { return config_; }

 private:
  MaxUnpool2dConfig config_;
};

}  // namespace strata::nn
