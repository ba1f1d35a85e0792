#pragma once

#include "strata/nn/module.h"
#include "strata/ops/unpool.h"

namespace strata::nn {

struct MaxUnpool1dConfig {
  int64_t kernel = -1;  ///< required; these three as the pooling's
  int64_t stride = 0;   ///< the kernel's size unless set
  int64_t padding = 0;
};

/// Sequences [N, l, C] put back where max_pool1d_with_indices found them, zeros elsewhere; see
/// max_unpool1d. Throws ValueError for a missing kernel.
class MaxUnpool1d final : public Module {
 public:
  explicit MaxUnpool1d(const MaxUnpool1dConfig& config);
  std::string type() const override { return "MaxUnpool1d"; }
  /// `size` is that of the sequences before the pooling, where the windows left some of it out.
  Tensor operator()(const Tensor& x, const Tensor& index, int64_t size = 0);
  const MaxUnpool1dConfig& config() const { return config_; }

 private:
  MaxUnpool1dConfig config_;
};

struct MaxUnpool2dConfig {
  Size2 kernel = -1;  ///< required; these three as the pooling's
  Size2 stride = 0;   ///< the kernel's size unless set
  Size2 padding = 0;
};

/// Images [N, h, w, C] put back where max_pool2d_with_indices found them, zeros elsewhere; see
/// max_unpool2d. Throws ValueError for a missing kernel.
class MaxUnpool2d final : public Module {
 public:
  explicit MaxUnpool2d(const MaxUnpool2dConfig& config);
  std::string type() const override { return "MaxUnpool2d"; }
  /// `size` is that of the images before the pooling, where the windows left some of it out.
  Tensor operator()(const Tensor& x, const Tensor& index, Size2 size = 0);
  const MaxUnpool2dConfig& config() const { return config_; }

 private:
  MaxUnpool2dConfig config_;
};

struct MaxUnpool3dConfig {
  Size3 kernel = -1;  ///< required; these three as the pooling's
  Size3 stride = 0;   ///< the kernel's size unless set
  Size3 padding = 0;
};

/// Volumes [N, d, h, w, C] put back where max_pool3d_with_indices found them, zeros elsewhere; see
/// max_unpool3d. Throws ValueError for a missing kernel.
class MaxUnpool3d final : public Module {
 public:
  explicit MaxUnpool3d(const MaxUnpool3dConfig& config);
  std::string type() const override { return "MaxUnpool3d"; }
  /// `size` is that of the volumes before the pooling, where the windows left some of it out.
  Tensor operator()(const Tensor& x, const Tensor& index, Size3 size = 0);
  const MaxUnpool3dConfig& config() const { return config_; }

 private:
  MaxUnpool3dConfig config_;
};

}  // namespace strata::nn
