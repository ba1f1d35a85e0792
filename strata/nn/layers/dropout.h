#pragma once

#include <string>

#include "strata/nn/module.h"

namespace strata::nn {

struct DropoutConfig {
  double p = 0.5;  ///< share of the values that become 0
};

/// What the layers below share: they draw from the thread's default generator, and their
/// constructors throw ValueError unless 0 <= p <= 1.
class DropoutLayer : public Module {
 public:
  std::string type() const override { return type_; }
  Tensor forward(const Tensor& x) override;
  const DropoutConfig& config() const { return config_; }

 protected:
  using Op = Tensor (*)(const Tensor& x, double p, bool training, Generator& generator);
  DropoutLayer(const char* type, Op op, const DropoutConfig& config);

 private:
  const char* type_;
  Op op_;
  DropoutConfig config_;
};

/// In training each value is 0 with probability p, else x / (1 - p); in evaluation x itself. See
/// dropout.
class Dropout final : public DropoutLayer {
 public:
  explicit Dropout(const DropoutConfig& config = {});
};

/// As Dropout with whole channels of sequences [N, L, C]; see dropout1d.
class Dropout1d final : public DropoutLayer {
 public:
  explicit Dropout1d(const DropoutConfig& config = {});
};

/// As Dropout with whole channels of images [N, H, W, C]; see dropout2d.
class Dropout2d final : public DropoutLayer {
 public:
  explicit Dropout2d(const DropoutConfig& config = {});
};

/// As Dropout with whole channels of volumes [N, D, H, W, C]; see dropout3d.
class Dropout3d final : public DropoutLayer {
 public:
  explicit Dropout3d(const DropoutConfig& config = {});
};

/// As Dropout for networks of SELU, whose mean 0 and variance 1 it keeps; see alpha_dropout.
class AlphaDropout final : public DropoutLayer {
 public:
  explicit AlphaDropout(const DropoutConfig& config = {});
};

/// AlphaDropout of whole channels of [N, ..., C]; see feature_alpha_dropout.
class FeatureAlphaDropout final : public DropoutLayer {
 public:
  explicit FeatureAlphaDropout(const DropoutConfig& config = {});
};

}  // namespace strata::nn
