#pragma once

#include "strata/nn/module.h"

namespace strata::nn {

struct DropoutConfig {
  double p = 0.5;  ///< share of the values that become 0
};

/// In training each value is 0 with probability p, else x / (1 - p); in evaluation x itself. Draws
/// from the thread's default generator. Throws ValueError unless 0 <= p <= 1. See dropout.
class Dropout final : public Module {
 public:
  explicit Dropout(const DropoutConfig& config = {});
  std::string type() const override { return "Dropout"; }
  Tensor forward(const Tensor& x) override;
  const DropoutConfig& config() const { return config_; }

 private:
  DropoutConfig config_;
};

/// As Dropout with whole channels of sequences [N, L, C]; see dropout1d.
class Dropout1d final : public Module {
 public:
  explicit Dropout1d(const DropoutConfig& config = {});
  std::string type() const override { return "Dropout1d"; }
  Tensor forward(const Tensor& x) override;
  const DropoutConfig& config() const { return config_; }

 private:
  DropoutConfig config_;
};

/// As Dropout with whole channels of images [N, H, W, C]; see dropout2d.
class Dropout2d final : public Module {
 public:
  explicit Dropout2d(const DropoutConfig& config = {});
  std::string type() const override { return "Dropout2d"; }
  Tensor forward(const Tensor& x) override;
  const DropoutConfig& config() const { return config_; }

 private:
  DropoutConfig config_;
};

/// As Dropout with whole channels of volumes [N, D, H, W, C]; see dropout3d.
class Dropout3d final : public Module {
 public:
  explicit Dropout3d(const DropoutConfig& config = {});
  std::string type() const override { return "Dropout3d"; }
  Tensor forward(const Tensor& x) override;
  const DropoutConfig& config() const { return config_; }

 private:
  DropoutConfig config_;
};

/// As Dropout for networks of SELU, whose mean 0 and variance 1 it keeps; see alpha_dropout.
class AlphaDropout final : public Module {
 public:
  explicit AlphaDropout(const DropoutConfig& config = {});
  std::string type() const override { return "AlphaDropout"; }
  Tensor forward(const Tensor& x) override;
  const DropoutConfig& config() const { return config_; }

 private:
  DropoutConfig config_;
};

/// AlphaDropout of whole channels of [N, ..., C]; see feature_alpha_dropout.
class FeatureAlphaDropout final : public Module {
 public:
  explicit FeatureAlphaDropout(const DropoutConfig& config = {});
  std::string type() const override { return "FeatureAlphaDropout"; }
  Tensor forward(const Tensor& x) override;
  const DropoutConfig& config() const { return config_; }

 private:
  DropoutConfig config_;
};

}  // namespace strata::nn
