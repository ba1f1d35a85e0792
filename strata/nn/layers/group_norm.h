#pragma once

#include "strata/nn/module.h"

namespace strata::nn {

struct GroupNormConfig {
  int64_t groups = -1;    ///< required
  int64_t channels = -1;  ///< required, a multiple of groups
  double eps = 1e-5;
  bool affine = true;
  bool silu = false;  ///< x sigmoid(x) of the result, in the same pass
};

/// Each sample's groups of neighbouring channels brought to mean 0 and variance 1, then weight and
/// bias by channel; x [samples, ..., channels]. See group_norm. Starts with weight 1 and bias 0.
/// Throws ValueError for missing sizes and groups that do not divide the channels.
class GroupNorm final : public Module {
 public:
  explicit GroupNorm(const GroupNormConfig& config);

  std::string type() const override { return "GroupNorm"; }
  void members(Visitor& v) override { v("weight", weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;
  const GroupNormConfig& config() const { return config_; }

  using Module::operator();
  /// Of x + shift, with shift [samples, channels] the same at all positions, in the same pass.
  Tensor operator()(const Tensor& x, const Tensor& shift);

  Tensor weight;  ///< [channels]; undefined without affine
  Tensor bias;    ///< [channels]; undefined without affine

 private:
  GroupNormConfig config_;
};

}  // namespace strata::nn
