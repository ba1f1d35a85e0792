#pragma once

#include "strata/nn/module.h"
#include "strata/ops/local_norm.h"

namespace strata::nn {

struct InstanceNormConfig {
  int64_t channels = -1;  ///< required
  double eps = 1e-5;
  bool affine = false;  ///< a weight and a bias for each channel
};

/// Each channel of each sample brought to mean 0 and variance 1; x [samples, ..., channels]. See
/// instance_norm. PyTorch's InstanceNorm1d, 2d and 3d without running statistics. Starts with
/// weight 1 and bias 0. Throws ValueError for missing sizes.
class InstanceNorm final : public Module {
 public:
  explicit InstanceNorm(const InstanceNormConfig& config);

  std::string type() const override { return "InstanceNorm"; }
  void members(Visitor& v) override { v("weight", weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;
  const InstanceNormConfig& config() const { return config_; }

  Tensor weight;  ///< [channels]; undefined unless affine
  Tensor bias;    ///< [channels]; undefined unless affine

 private:
  InstanceNormConfig config_;
};

/// See local_response_norm. Throws ValueError for a size below 1.
class LocalResponseNorm final : public Module {
 public:
  explicit LocalResponseNorm(const LocalResponseNormOptions& config = {});
  std::string type() const override { return "LocalResponseNorm"; }
  Tensor forward(const Tensor& x) override;
  const LocalResponseNormOptions& config() const { return config_; }

 private:
  LocalResponseNormOptions config_;
};

}  // namespace strata::nn
