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

}  // namespace strata::nn
