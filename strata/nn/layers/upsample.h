#pragma once

#include "strata/nn/module.h"
#include "strata/ops/upsample.h"

namespace strata::nn {

struct UpsampleConfig {
  double scale = 2;  ///< of height and width
  Size2 size = 0;    ///< of the result, instead of a scale
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;  ///< of bilinear and bicubic
};

/// Images [N, H, W, C] `scale` times as high and wide, or of a given size; see upsample2d. Throws
/// ValueError for a scale that is not above 0 and a size below 0.
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
