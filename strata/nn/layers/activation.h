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

class ReLU6 final : public Module {
 public:
  std::string type() const override { return "ReLU6"; }
  Tensor forward(const Tensor& x) override;
};

class SELU final : public Module {
 public:
  std::string type() const override { return "SELU"; }
  Tensor forward(const Tensor& x) override;
};

class Mish final : public Module {
 public:
  std::string type() const override { return "Mish"; }
  Tensor forward(const Tensor& x) override;
};

class Hardsigmoid final : public Module {
 public:
  std::string type() const override { return "Hardsigmoid"; }
  Tensor forward(const Tensor& x) override;
};

class Hardswish final : public Module {
 public:
  std::string type() const override { return "Hardswish"; }
  Tensor forward(const Tensor& x) override;
};

class Softsign final : public Module {
 public:
  std::string type() const override { return "Softsign"; }
  Tensor forward(const Tensor& x) override;
};

class LogSigmoid final : public Module {
 public:
  std::string type() const override { return "LogSigmoid"; }
  Tensor forward(const Tensor& x) override;
};

class Tanhshrink final : public Module {
 public:
  std::string type() const override { return "Tanhshrink"; }
  Tensor forward(const Tensor& x) override;
};

// These have settings.

struct LeakyReLUConfig {
  double slope = 0.01;
};

class LeakyReLU final : public Module {
 public:
  explicit LeakyReLU(const LeakyReLUConfig& config = {}) : config_(config) {}
  std::string type() const override { return "LeakyReLU"; }
  Tensor forward(const Tensor& x) override;

 private:
  LeakyReLUConfig config_;
};

struct ELUConfig {
  double alpha = 1;
};

class ELU final : public Module {
 public:
  explicit ELU(const ELUConfig& config = {}) : config_(config) {}
  std::string type() const override { return "ELU"; }
  Tensor forward(const Tensor& x) override;

 private:
  ELUConfig config_;
};

struct CELUConfig {
  double alpha = 1;
};

class CELU final : public Module {
 public:
  explicit CELU(const CELUConfig& config = {}) : config_(config) {}
  std::string type() const override { return "CELU"; }
  Tensor forward(const Tensor& x) override;

 private:
  CELUConfig config_;
};

struct HardtanhConfig {
  double low = -1, high = 1;
};

class Hardtanh final : public Module {
 public:
  explicit Hardtanh(const HardtanhConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Hardtanh"; }
  Tensor forward(const Tensor& x) override;

 private:
  HardtanhConfig config_;
};

struct SoftplusConfig {
  double beta = 1, threshold = 20;
};

class Softplus final : public Module {
 public:
  explicit Softplus(const SoftplusConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Softplus"; }
  Tensor forward(const Tensor& x) override;

 private:
  SoftplusConfig config_;
};

struct SoftshrinkConfig {
  double lambda = 0.5;
};

class Softshrink final : public Module {
 public:
  explicit Softshrink(const SoftshrinkConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Softshrink"; }
  Tensor forward(const Tensor& x) override;

 private:
  SoftshrinkConfig config_;
};

struct HardshrinkConfig {
  double lambda = 0.5;
};

class Hardshrink final : public Module {
 public:
  explicit Hardshrink(const HardshrinkConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Hardshrink"; }
  Tensor forward(const Tensor& x) override;

 private:
  HardshrinkConfig config_;
};

struct ThresholdConfig {
  double limit = 0, value = 0;
};

class Threshold final : public Module {
 public:
  explicit Threshold(const ThresholdConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Threshold"; }
  Tensor forward(const Tensor& x) override;

 private:
  ThresholdConfig config_;
};

struct GLUConfig {
  int axis = -1;
};

class GLU final : public Module {
 public:
  explicit GLU(const GLUConfig& config = {}) : config_(config) {}
  std::string type() const override { return "GLU"; }
  Tensor forward(const Tensor& x) override;

 private:
  GLUConfig config_;
};

struct SoftmaxConfig {
  int axis = -1;
};

class Softmax final : public Module {
 public:
  explicit Softmax(const SoftmaxConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Softmax"; }
  Tensor forward(const Tensor& x) override;

 private:
  SoftmaxConfig config_;
};

struct LogSoftmaxConfig {
  int axis = -1;
};

class LogSoftmax final : public Module {
 public:
  explicit LogSoftmax(const LogSoftmaxConfig& config = {}) : config_(config) {}
  std::string type() const override { return "LogSoftmax"; }
  Tensor forward(const Tensor& x) override;

 private:
  LogSoftmaxConfig config_;
};

struct PReLUConfig {
  int64_t channels = 1;  ///< 1, or the size of the input's last axis
  double init = 0.25;
};

/// leaky_relu with a slope that is learned, one for all or one for each channel; see prelu. Throws
/// ValueError for channels < 1.
class PReLU final : public Module {
 public:
  explicit PReLU(const PReLUConfig& config = {});
  std::string type() const override { return "PReLU"; }
  void members(Visitor& v) override { v("weight", weight); }
  Tensor forward(const Tensor& x) override;
  const PReLUConfig& config() const { return config_; }

  Tensor weight;  ///< [channels]

 private:
  PReLUConfig config_;
};

}  // namespace strata::nn
