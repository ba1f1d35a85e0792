#pragma once

#include "strata/nn/module.h"
#include "strata/ops/pool_nd.h"

namespace strata::nn {

struct Pool1dConfig {
  int64_t kernel = -1;  ///< required
  int64_t stride = 0;   ///< the kernel's size unless set
  int64_t padding = 0;
  int64_t dilation = 1;           ///< of MaxPool1d
  bool ceil_mode = false;         ///< keep a last window that leaves x
  bool count_include_pad = true;  ///< of AvgPool1d
};

/// The largest value of each window of sequences [N, L, C]; see max_pool1d.
class MaxPool1d final : public Module {
 public:
  explicit MaxPool1d(const Pool1dConfig& config);
  std::string type() const override { return "MaxPool1d"; }
  Tensor forward(const Tensor& x) override;
  const Pool1dConfig& config() const { return config_; }

 private:
  Pool1dConfig config_;
};

/// The mean of each window of sequences [N, L, C]; see avg_pool1d.
class AvgPool1d final : public Module {
 public:
  explicit AvgPool1d(const Pool1dConfig& config);
  std::string type() const override { return "AvgPool1d"; }
  Tensor forward(const Tensor& x) override;
  const Pool1dConfig& config() const { return config_; }

 private:
  Pool1dConfig config_;
};

struct LPPool1dConfig {
  double p = 2;         ///< the power, not 0
  int64_t kernel = -1;  ///< required
  int64_t stride = 0;   ///< the kernel's size unless set
  bool ceil_mode = false;
};

/// The p-norm of each window of sequences [N, L, C]; see lp_pool1d.
class LPPool1d final : public Module {
 public:
  explicit LPPool1d(const LPPool1dConfig& config);
  std::string type() const override { return "LPPool1d"; }
  Tensor forward(const Tensor& x) override;
  const LPPool1dConfig& config() const { return config_; }

 private:
  LPPool1dConfig config_;
};

struct AdaptivePool1dConfig {
  int64_t size = 1;  ///< of the result
};

/// The largest value of each share of sequences [N, L, C]; see adaptive_max_pool1d.
class AdaptiveMaxPool1d final : public Module {
 public:
  explicit AdaptiveMaxPool1d(const AdaptivePool1dConfig& config = {}) : config_(config) {}
  std::string type() const override { return "AdaptiveMaxPool1d"; }
  Tensor forward(const Tensor& x) override;
  const AdaptivePool1dConfig& config() const { return config_; }

 private:
  AdaptivePool1dConfig config_;
};

/// The mean of each share of sequences [N, L, C]; see adaptive_avg_pool1d.
class AdaptiveAvgPool1d final : public Module {
 public:
  explicit AdaptiveAvgPool1d(const AdaptivePool1dConfig& config = {}) : config_(config) {}
  std::string type() const override { return "AdaptiveAvgPool1d"; }
  Tensor forward(const Tensor& x) override;
  const AdaptivePool1dConfig& config() const { return config_; }

 private:
  AdaptivePool1dConfig config_;
};

struct Pool3dConfig {
  Size3 kernel = -1;  ///< required
  Size3 stride = 0;   ///< the kernel's size unless set
  Size3 padding = 0;
  Size3 dilation = 1;             ///< of MaxPool3d
  bool ceil_mode = false;         ///< keep a last window that leaves x
  bool count_include_pad = true;  ///< of AvgPool3d
};

/// The largest value of each window of volumes [N, D, H, W, C]; see max_pool3d.
class MaxPool3d final : public Module {
 public:
  explicit MaxPool3d(const Pool3dConfig& config);
  std::string type() const override { return "MaxPool3d"; }
  Tensor forward(const Tensor& x) override;
  const Pool3dConfig& config() const { return config_; }

 private:
  Pool3dConfig config_;
};

/// The mean of each window of volumes [N, D, H, W, C]; see avg_pool3d.
class AvgPool3d final : public Module {
 public:
  explicit AvgPool3d(const Pool3dConfig& config);
  std::string type() const override { return "AvgPool3d"; }
  Tensor forward(const Tensor& x) override;
  const Pool3dConfig& config() const { return config_; }

 private:
  Pool3dConfig config_;
};

struct AdaptivePool3dConfig {
  Size3 size = 1;  ///< of the result
};

/// The largest value of each share of volumes [N, D, H, W, C]; see adaptive_max_pool3d.
class AdaptiveMaxPool3d final : public Module {
 public:
  explicit AdaptiveMaxPool3d(const AdaptivePool3dConfig& config = {}) : config_(config) {}
  std::string type() const override { return "AdaptiveMaxPool3d"; }
  Tensor forward(const Tensor& x) override;
  const AdaptivePool3dConfig& config() const { return config_; }

 private:
  AdaptivePool3dConfig config_;
};

/// The mean of each share of volumes [N, D, H, W, C]; see adaptive_avg_pool3d.
class AdaptiveAvgPool3d final : public Module {
 public:
  explicit AdaptiveAvgPool3d(const AdaptivePool3dConfig& config = {}) : config_(config) {}
  std::string type() const override { return "AdaptiveAvgPool3d"; }
  Tensor forward(const Tensor& x) override;
  const AdaptivePool3dConfig& config() const { return config_; }

 private:
  AdaptivePool3dConfig config_;
};

}  // namespace strata::nn
