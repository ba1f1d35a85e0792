#pragma once

#include "strata/nn/module.h"
#include "strata/ops/conv_nd.h"
#include "strata/ops/pad.h"

namespace strata::nn {

struct Conv1dConfig {
  int64_t in = -1;      ///< required
  int64_t out = -1;     ///< required
  int64_t kernel = -1;  ///< required
  int64_t stride = 1;
  int64_t padding = 0;                       ///< or kSamePadding
  PadMode padding_mode = PadMode::constant;  ///< what stands there; constant: zeros
  int64_t dilation = 1;
  int64_t groups = 1;
  bool bias = true;
  bool relu = false;  ///< applied in the same pass
};

/// Convolution of sequences [N, L, in] to [N, L', out]; see conv1d. Weight [out, k, in / groups],
/// in files [out, in / groups, k]. Initialised as PyTorch's Conv1d: uniform in +-1/sqrt(fan_in).
/// Throws ValueError for missing sizes, groups that do not divide and kSamePadding with a stride;
/// forward throws as pad() where the padding mode asks for more than the sequence has.
class Conv1d final : public Module {
 public:
  explicit Conv1d(const Conv1dConfig& config);

  std::string type() const override { return "Conv1d"; }
  void members(Visitor& v) override { v("weight", weight, Layout::conv_weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;
  const Conv1dConfig& config() const { return config_; }

  Tensor weight;  ///< [out, k, in / groups]
  Tensor bias;    ///< [out]; undefined without bias

 private:
  Conv1dConfig config_;
};

struct Conv3dConfig {
  int64_t in = -1;    ///< required
  int64_t out = -1;   ///< required
  Size3 kernel = -1;  ///< required
  Size3 stride = 1;
  Size3 padding = 0;                         ///< or kSamePadding
  PadMode padding_mode = PadMode::constant;  ///< what stands there; constant: zeros
  Size3 dilation = 1;
  int64_t groups = 1;
  bool bias = true;
  bool relu = false;  ///< applied in the same pass
};

/// Convolution of volumes [N, D, H, W, in] to [N, D', H', W', out]; see conv3d. Weight
/// [out, kd, kh, kw, in / groups], in files [out, in / groups, kd, kh, kw]. Initialised and throws
/// as Conv1d.
class Conv3d final : public Module {
 public:
  explicit Conv3d(const Conv3dConfig& config);

  std::string type() const override { return "Conv3d"; }
  void members(Visitor& v) override { v("weight", weight, Layout::conv_weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;
  const Conv3dConfig& config() const { return config_; }

  Tensor weight;  ///< [out, kd, kh, kw, in / groups]
  Tensor bias;    ///< [out]; undefined without bias

 private:
  Conv3dConfig config_;
};

}  // namespace strata::nn
