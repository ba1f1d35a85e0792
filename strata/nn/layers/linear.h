#pragma once

#include "strata/kernels/activation.h"
#include "strata/nn/module.h"

namespace strata::nn {

using kernels::Activation;

struct LinearConfig {
  int64_t in = -1;   ///< required
  int64_t out = -1;  ///< required
  bool bias = true;
  Activation activation = Activation::none;  ///< applied in the same pass
};

/// y = activation(x W^T + b): f32[..., in] to f32[..., out]; weight [out, in]. Initialised as
/// PyTorch's Linear: uniform in +-1/sqrt(in). Throws ValueError for missing sizes.
class Linear final : public Module {
 public:
  explicit Linear(const LinearConfig& config);

  std::string type() const override { return "Linear"; }
  void members(Visitor& v) override { v("weight", weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;
  const LinearConfig& config() const { return config_; }

  Tensor weight;  ///< [out, in]
  Tensor bias;    ///< [out]; undefined without bias

 private:
  LinearConfig config_;
};

}  // namespace strata::nn
