#pragma once

#include "strata/nn/module.h"
#include "strata/ops/upsample.h"

namespace strata::nn {

struct UpsampleConfig {
  int64_t scale = 2;
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;  ///< of bilinear and bicubic
};

/// Images [N, H, W, C] `scale` times as high and wide; see upsample2d. Throws ValueError for a
/// scale below 1.
class Upsample final : public Module {
 public:
  explicit Upsample(const UpsampleConfig& config = {});
  std::string type() const override { return "Upsample"; }
  Tensor forward(const Tensor& x) override;
  const UpsampleConfig& config() const { return config_; }

 private:
  UpsampleConfig config_;
};

}  // namespace strata::nn
