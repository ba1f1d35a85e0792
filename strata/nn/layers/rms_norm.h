#pragma once

#include <optional>

#include "strata/nn/module.h"

namespace strata::nn {

struct RMSNormConfig {
  Shape shape = {};                ///< required: the sizes of the last axes, over which it goes
  std::optional<double> eps = {};  ///< left out: the epsilon of the dtype computed in
  bool affine = true;              ///< a weight for each element
};

/// x / sqrt(mean(x^2) + eps) * weight over the last axes of x, whose sizes are `shape`; see
/// rms_norm. Starts from weight 1, as PyTorch's RMSNorm. Throws ValueError for a missing or empty
/// shape. Zhang and Sennrich, "Root mean square layer normalization", 2019.
class RMSNorm final : public Module {
 public:
  explicit RMSNorm(const RMSNormConfig& config);

  std::string type() const override { return "RMSNorm"; }
  void members(Visitor& v) override { v("weight", weight); }
  Tensor forward(const Tensor& x) override;
  const RMSNormConfig& config() const { return config_; }

  Tensor weight;  ///< of `shape`; undefined unless affine

 private:
  RMSNormConfig config_;
};

}  // namespace strata::nn
