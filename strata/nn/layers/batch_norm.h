#pragma once

#include "strata/nn/module.h"

namespace strata::nn {

struct BatchNorm2dConfig {
  int64_t channels = -1;  ///< required
  double eps = 1e-5;
  double momentum = 0.1;  ///< how far the running statistics move towards those of a batch
  bool affine = true;     ///< a weight and a bias for each channel
  bool relu = false;      ///< max(y, 0) in the same pass
};

/// Batch normalisation over all axes but the last, the channels, of images [N, H, W, C]: in
/// training by the statistics of the batch, which the running ones follow; in evaluation by the
/// running ones. Starts from weight 1, bias 0, mean 0 and variance 1, as PyTorch's BatchNorm2d.
/// Throws ValueError for a missing size, and in training for a single value a channel. Ioffe and
/// Szegedy, "Batch normalization", 2015.
class BatchNorm2d final : public Module {
 public:
  explicit BatchNorm2d(const BatchNorm2dConfig& config);

  std::string type() const override { return "BatchNorm2d"; }
  void members(Visitor& v) override {
    v("weight", weight)("bias", bias);
    v.buffer("running_mean", running_mean).buffer("running_var", running_var);
    v.buffer("num_batches_tracked", num_batches_tracked);
  }
  Tensor forward(const Tensor& x) override;
  const BatchNorm2dConfig& config() const { return config_; }
  double momentum() const { return config_.momentum; }
  void set_momentum(double momentum) { config_.momentum = momentum; }

  Tensor weight;               ///< [channels]; undefined unless affine
  Tensor bias;                 ///< [channels]; undefined unless affine
  Tensor running_mean;         ///< [channels]
  Tensor running_var;          ///< [channels], the unbiased variance
  Tensor num_batches_tracked;  ///< i64[]: training passes so far

 private:
  BatchNorm2dConfig config_;
};

}  // namespace strata::nn
