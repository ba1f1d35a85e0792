#pragma once

#include "strata/nn/module.h"

namespace strata::nn {

struct LayerNormConfig {
  Shape shape = {};  ///< required: the sizes of the last axes, over which it normalises
  double eps = 1e-5;
  bool affine = true;  ///< a weight for each element
  bool bias = true;    ///< and a bias; without `affine` there is none
};

/// Layer normalisation over the last axes of x, whose sizes are `shape`; see layer_norm. Starts
/// from weight 1 and bias 0, as PyTorch's LayerNorm. Throws ValueError for a missing or empty
/// shape. Ba, Kiros and Hinton, "Layer normalization", 2016.
class LayerNorm final : public Module {
 public:
  explicit LayerNorm(const LayerNormConfig& config);

  std::string type() const override { return "LayerNorm"; }
  void members(Visitor& v) override { v("weight", weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;
  const LayerNormConfig& config() const { return config_; }

  Tensor weight;  ///< of `shape`; undefined unless affine
  Tensor bias;    ///< of `shape`; undefined unless affine with a bias

 private:
  LayerNormConfig config_;
};

}  // namespace strata::nn
