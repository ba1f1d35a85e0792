#pragma once

#include "strata/nn/module.h"

namespace strata::nn {

/// Elementwise layers without parameters; see strata/ops/activations.h.
class ReLU final : public Module {
 public:
  std::string type() const override { return "ReLU"; }
  Tensor forward(const Tensor& x) override;
};

class Sigmoid final : public Module {
 public:
  std::string type() const override { return "Sigmoid"; }
  Tensor forward(const Tensor& x) override;
};

class Tanh final : public Module {
 public:
  std::string type() const override { return "Tanh"; }
  Tensor forward(const Tensor& x) override;
};

class GELU final : public Module {
 public:
  std::string type() const override { return "GELU"; }
  Tensor forward(const Tensor& x) override;
};

class SiLU final : public Module {
 public:
  std::string type() const override { return "SiLU"; }
  Tensor forward(const Tensor& x) override;
};

}  // namespace strata::nn
