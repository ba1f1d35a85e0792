#pragma once

#include "strata/nn/module.h"
#include "strata/ops/local_norm.h"

namespace strata::nn {

struct InstanceNormConfig {
  int64_t channels = -1;  ///< required
  double eps = 1e-5;
  double momentum = 0.1;  ///< how far the running statistics move towards those of a batch
  bool affine = false;    ///< a weight and a bias for each channel
  bool running = false;   ///< running statistics, which evaluation uses
};

/// Each channel of each sample brought to mean 0 and variance 1; x [samples, ..., channels]. See
/// instance_norm. With running statistics evaluation takes those, which follow the mean over the
/// samples' own in training, as a batch norm. Starts with weight 1, bias 0, mean 0 and variance 1.
/// PyTorch's InstanceNorm1d, 2d and 3d (track_running_stats). Throws ValueError for missing sizes.
class InstanceNorm final : public Module {
 public:
  explicit InstanceNorm(const InstanceNormConfig& config);

  std::string type() const override { return "InstanceNorm"; }
  void members(Visitor& v) override {
    v("weight", weight)("bias", bias);
    v.buffer("running_mean", running_mean).buffer("running_var", running_var);
    v.buffer("num_batches_tracked", num_batches_tracked);
  }
  Tensor forward(const Tensor& x) override;
  const InstanceNormConfig& config() const { return config_; }

  Tensor weight;               ///< [channels]; undefined unless affine
  Tensor bias;                 ///< [channels]; undefined unless affine
  Tensor running_mean;         ///< [channels]; this and the next two undefined unless running
  Tensor running_var;          ///< [channels], the unbiased variance
  Tensor num_batches_tracked;  ///< i64[], 0: PyTorch's files have it and its layer never counts

 private:
  void follow(const Tensor& x);

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
