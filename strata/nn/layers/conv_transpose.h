#pragma once

#include "strata/nn/module.h"
#include "strata/ops/conv.h"
#include "strata/ops/conv_nd.h"

namespace strata::nn {

struct ConvTranspose1dConfig {
  int64_t in = -1;      ///< required
  int64_t out = -1;     ///< required
  int64_t kernel = -1;  ///< required
  int64_t stride = 1;
  int64_t padding = 0;         ///< cut off from each side of the result
  int64_t output_padding = 0;  ///< added at the end; less than stride or dilation
  int64_t dilation = 1;
  int64_t groups = 1;
  bool bias = true;
};

/// The transpose of Conv1d, for sequences [N, L, in]; see conv_transpose1d. Weight
/// [in, k, out / groups], in files [in, out / groups, k]. Initialised as PyTorch's ConvTranspose1d.
/// Throws ValueError for missing sizes or groups that do not divide.
class ConvTranspose1d final : public Module {
 public:
  explicit ConvTranspose1d(const ConvTranspose1dConfig& config);

  std::string type() const override { return "ConvTranspose1d"; }
  void members(Visitor& v) override { v("weight", weight, Layout::conv_weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;
  const ConvTranspose1dConfig& config() const { return config_; }

  static constexpr int kOutputAxis = 1;  ///< of the weight, as in files

  Tensor weight;  ///< [in, k, out / groups]
  Tensor bias;    ///< [out]; undefined without bias

 private:
  ConvTranspose1dConfig config_;
};

struct ConvTranspose2dConfig {
  int64_t in = -1;    ///< required
  int64_t out = -1;   ///< required
  Size2 kernel = -1;  ///< required
  Size2 stride = 1;
  Size2 padding = 0;         ///< cut off from each side of the result
  Size2 output_padding = 0;  ///< added at the end; less than stride or dilation
  Size2 dilation = 1;
  int64_t groups = 1;
  bool bias = true;
};

/// The transpose of Conv2d, for images [N, H, W, in]; see conv_transpose2d. Weight
/// [in, kh, kw, out / groups], in files [in, out / groups, kh, kw]. Initialised as PyTorch's
/// ConvTranspose2d. Throws ValueError for missing sizes or groups that do not divide.
class ConvTranspose2d final : public Module {
 public:
  explicit ConvTranspose2d(const ConvTranspose2dConfig& config);

  std::string type() const override { return "ConvTranspose2d"; }
  void members(Visitor& v) override { v("weight", weight, Layout::conv_weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;
  const ConvTranspose2dConfig& config() const { return config_; }

  static constexpr int kOutputAxis = 1;  ///< of the weight, as in files

  Tensor weight;  ///< [in, kh, kw, out / groups]
  Tensor bias;    ///< [out]; undefined without bias

 private:
  ConvTranspose2dConfig config_;
};

struct ConvTranspose3dConfig {
  int64_t in = -1;    ///< required
  int64_t out = -1;   ///< required
  Size3 kernel = -1;  ///< required
  Size3 stride = 1;
  Size3 padding = 0;         ///< cut off from each side of the result
  Size3 output_padding = 0;  ///< added at the end; less than stride or dilation
  Size3 dilation = 1;
  int64_t groups = 1;
  bool bias = true;
};

/// The transpose of Conv3d, for volumes [N, D, H, W, in]; see conv_transpose3d. Weight
/// [in, kd, kh, kw, out / groups], in files [in, out / groups, kd, kh, kw]. Initialised as
/// PyTorch's ConvTranspose3d. Throws ValueError for missing sizes or groups that do not divide.
class ConvTranspose3d final : public Module {
 public:
  explicit ConvTranspose3d(const ConvTranspose3dConfig& config);

  std::string type() const override { return "ConvTranspose3d"; }
  void members(Visitor& v) override { v("weight", weight, Layout::conv_weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;
  const ConvTranspose3dConfig& config() const { return config_; }

  static constexpr int kOutputAxis = 1;  ///< of the weight, as in files

  Tensor weight;  ///< [in, kd, kh, kw, out / groups]
  Tensor bias;    ///< [out]; undefined without bias

 private:
  ConvTranspose3dConfig config_;
};

}  // namespace strata::nn
