#pragma once

#include "strata/nn/module.h"
#include "strata/ops/conv.h"
#include "strata/ops/pad.h"

namespace strata::nn {

struct Conv2dConfig {
  int64_t in = -1;    ///< required
  int64_t out = -1;   ///< required
  Size2 kernel = -1;  ///< required
  Size2 stride = 1;
  Size2 padding = 0;                         ///< or kSamePadding
  PadMode padding_mode = PadMode::constant;  ///< what stands there; constant: zeros
  Size2 dilation = 1;
  int64_t groups = 1;
  bool bias = true;
  bool relu = false;  ///< applied in the same pass
};

/// 2-D convolution of images [N, H, W, in] to [N, H', W', out]; weight [out, kh, kw, in / groups],
/// in files [out, in / groups, kh, kw]. Initialised as PyTorch's Conv2d: uniform in
/// +-1/sqrt(fan_in). Throws ValueError for missing sizes, groups that do not divide and
/// kSamePadding with a stride; forward throws as pad() where the padding mode asks for more than
/// the image has.
class Conv2d final : public Module {
 public:
  explicit Conv2d(const Conv2dConfig& config);

  std::string type() const override { return "Conv2d"; }
  void members(Visitor& v) override { v("weight", weight, Layout::conv_weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;
  const Conv2dConfig& config() const { return config_; }

  Tensor weight;  ///< [out, kh, kw, in / groups]
  Tensor bias;    ///< [out]; undefined without bias

 private:
  Conv2dConfig config_;
};

}  // namespace strata::nn
