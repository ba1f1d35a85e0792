#pragma once

#include "strata/nn/module.h"
#include "strata/ops/pool.h"

namespace strata::nn {

struct Pool2dConfig {
  Size2 kernel = -1;  ///< required
  Size2 stride = 0;   ///< the kernel's size unless set
  Size2 padding = 0;
  Size2 dilation = 1;             ///< of MaxPool2d
  bool ceil_mode = false;         ///< keep a last window that leaves the image
  bool count_include_pad = true;  ///< of AvgPool2d
};

/// The largest value of each window of images [N, H, W, C]; see max_pool2d.
class MaxPool2d final : public Module {
 public:
  explicit MaxPool2d(const Pool2dConfig& config);
  std::string type() const override { return "MaxPool2d"; }
  Tensor forward(const Tensor& x) override;
  const Pool2dConfig& config() const { return config_; }

 private:
  Pool2dConfig config_;
};

/// The mean of each window of images [N, H, W, C]; see avg_pool2d.
class AvgPool2d final : public Module {
 public:
  explicit AvgPool2d(const Pool2dConfig& config);
  std::string type() const override { return "AvgPool2d"; }
  Tensor forward(const Tensor& x) override;
  const Pool2dConfig& config() const { return config_; }

 private:
  Pool2dConfig config_;
};

struct LPPool2dConfig {
  double p = 2;       ///< the power, not 0
  Size2 kernel = -1;  ///< required
  Size2 stride = 0;   ///< the kernel's size unless set
  bool ceil_mode = false;
};

/// The p-norm of each window of images [N, H, W, C]; see lp_pool2d.
class LPPool2d final : public Module {
 public:
  explicit LPPool2d(const LPPool2dConfig& config);
  std::string type() const override { return "LPPool2d"; }
  Tensor forward(const Tensor& x) override;
  const LPPool2dConfig& config() const { return config_; }

 private:
  LPPool2dConfig config_;
};

struct AdaptivePool2dConfig {
  Size2 size = 1;  ///< of the result; 1: the whole image becomes one value a channel
};

/// The mean of each share of images [N, H, W, C], to [N, size, size, C]; see adaptive_avg_pool2d.
class AdaptiveAvgPool2d final : public Module {
 public:
  explicit AdaptiveAvgPool2d(const AdaptivePool2dConfig& config = {}) : config_(config) {}
  std::string type() const override { return "AdaptiveAvgPool2d"; }
  Tensor forward(const Tensor& x) override;
  const AdaptivePool2dConfig& config() const { return config_; }

 private:
  AdaptivePool2dConfig config_;
};

/// The largest value of each share; see adaptive_max_pool2d.
class AdaptiveMaxPool2d final : public Module {
 public:
  explicit AdaptiveMaxPool2d(const AdaptivePool2dConfig& config = {}) : config_(config) {}
  std::string type() const override { return "AdaptiveMaxPool2d"; }
  Tensor forward(const Tensor& x) override;
  const AdaptivePool2dConfig& config() const { return config_; }

 private:
  AdaptivePool2dConfig config_;
};

}  // namespace strata::nn
