#pragma once

#include "strata/nn/module.h"

namespace strata::nn {

struct BatchNormConfig {
  int64_t channels = -1;  ///< required
  double eps = 1e-5;
  double momentum = 0.1;  ///< how far the running statistics move towards those of a batch
  /// The running statistics are the mean over all batches so far instead: PyTorch's momentum=None.
  /// Without `running` it does nothing.
  bool cumulative = false;
  bool affine = true;   ///< a weight and a bias for each channel
  bool running = true;  ///< running statistics; without them evaluation takes the batch's too
  bool relu = false;    ///< max(y, 0) in the same pass
};
using BatchNorm2dConfig = BatchNormConfig;

/// Batch normalisation over all axes but the last, the channels: in training by the statistics of
/// the batch, which the running ones follow; in evaluation by the running ones. Starts from weight
/// 1, bias 0, mean 0 and variance 1. Throws ValueError for a missing size and for a single value a
/// channel of which a batch's statistics are asked; ShapeError for inputs of another rank than the
/// layer's. Ioffe and Szegedy, "Batch normalization", 2015;
/// PyTorch's layers of the same names.
class BatchNorm : public Module {
 public:
  std::string type() const override { return type_; }
  void members(Visitor& v) override {
    v("weight", weight)("bias", bias);
    v.buffer("running_mean", running_mean).buffer("running_var", running_var);
    v.buffer("num_batches_tracked", num_batches_tracked);
  }
  Tensor forward(const Tensor& x) override;
  const BatchNormConfig& config() const { return config_; }
  double momentum() const { return config_.momentum; }
  void set_momentum(double momentum) { config_.momentum = momentum; }

  Tensor weight;               ///< [channels]; undefined unless affine
  Tensor bias;                 ///< [channels]; undefined unless affine
  Tensor running_mean;         ///< [channels]; this and the next two undefined unless running
  Tensor running_var;          ///< [channels], the unbiased variance
  Tensor num_batches_tracked;  ///< i64[]: training passes so far

 protected:
  /// Takes inputs of `least_rank` to `rank` axes.
  BatchNorm(const char* type, const BatchNormConfig& config, int least_rank, int rank);

 private:
  const char* type_;
  BatchNormConfig config_;
  int least_rank_, rank_;
};

/// Of rows [N, C] or sequences [N, L, C].
class BatchNorm1d final : public BatchNorm {
 public:
  explicit BatchNorm1d(const BatchNormConfig& config) : BatchNorm("BatchNorm1d", config, 2, 3) {}
};

/// Of images [N, H, W, C].
class BatchNorm2d final : public BatchNorm {
 public:
  explicit BatchNorm2d(const BatchNormConfig& config) : BatchNorm("BatchNorm2d", config, 4, 4) {}
};

/// Of volumes [N, D, H, W, C].
class BatchNorm3d final : public BatchNorm {
 public:
  explicit BatchNorm3d(const BatchNormConfig& config) : BatchNorm("BatchNorm3d", config, 5, 5) {}
};

}  // namespace strata::nn
