#pragma once

#include "strata/nn/module.h"

namespace strata::nn {

// PyTorch's layers of the same names; see strata/ops/activations.h. All but ReLU, Sigmoid and Tanh
// throw DTypeError for an x that is not floating.

/// max(x, 0); any shape, x's dtype, integers too. Throws DTypeError for bools.
class ReLU final : public Module {
 public:
  std::string type() const override { return "ReLU"; }
  Tensor forward(const Tensor& x) override;
};

/// 1 / (1 + e^-x); any shape, x's dtype, f32 for integers and bools.
class Sigmoid final : public Module {
 public:
  std::string type() const override { return "Sigmoid"; }
  Tensor forward(const Tensor& x) override;
};

/// tanh(x); any shape, x's dtype, f32 for integers and bools.
class Tanh final : public Module {
 public:
  std::string type() const override { return "Tanh"; }
  Tensor forward(const Tensor& x) override;
};

struct GELUConfig {
  bool tanh = false;  ///< the form with tanh, PyTorch's approximate="tanh"; see gelu_tanh
};

/// x Phi(x), with Phi the distribution function of the standard normal; any shape, x's dtype.
class GELU final : public Module {
 public:
  explicit GELU(const GELUConfig& config = {}) : config_(config) {}
  std::string type() const override { return "GELU"; }
  Tensor forward(const Tensor& x) override;
  const GELUConfig& config() const { return config_; }

 private:
  GELUConfig config_;
};

/// x / (1 + e^-x), also called swish; any shape, x's dtype.
class SiLU final : public Module {
 public:
  std::string type() const override { return "SiLU"; }
  Tensor forward(const Tensor& x) override;
};

/// min(max(x, 0), 6); any shape, x's dtype.
class ReLU6 final : public Module {
 public:
  std::string type() const override { return "ReLU6"; }
  Tensor forward(const Tensor& x) override;
};

/// 1.0507 x above 0, 1.0507 * 1.6733 (e^x - 1) below, which keeps mean 0 and variance 1; any shape,
/// x's dtype.
class SELU final : public Module {
 public:
  std::string type() const override { return "SELU"; }
  Tensor forward(const Tensor& x) override;
};

/// x tanh(log(1 + e^x)); any shape, x's dtype.
class Mish final : public Module {
 public:
  std::string type() const override { return "Mish"; }
  Tensor forward(const Tensor& x) override;
};

/// min(max(x + 3, 0), 6) / 6; any shape, x's dtype.
class Hardsigmoid final : public Module {
 public:
  std::string type() const override { return "Hardsigmoid"; }
  Tensor forward(const Tensor& x) override;
};

/// x min(max(x + 3, 0), 6) / 6; any shape, x's dtype.
class Hardswish final : public Module {
 public:
  std::string type() const override { return "Hardswish"; }
  Tensor forward(const Tensor& x) override;
};

/// x / (1 + |x|); any shape, x's dtype.
class Softsign final : public Module {
 public:
  std::string type() const override { return "Softsign"; }
  Tensor forward(const Tensor& x) override;
};

/// -log(1 + e^-x), without a loss of small probabilities; any shape, x's dtype.
class LogSigmoid final : public Module {
 public:
  std::string type() const override { return "LogSigmoid"; }
  Tensor forward(const Tensor& x) override;
};

/// x - tanh(x); any shape, x's dtype.
class Tanhshrink final : public Module {
 public:
  std::string type() const override { return "Tanhshrink"; }
  Tensor forward(const Tensor& x) override;
};

struct LeakyReLUConfig {
  double slope = 0.01;  ///< of the line below 0
};

/// x above 0, slope x below; any shape, x's dtype.
class LeakyReLU final : public Module {
 public:
  explicit LeakyReLU(const LeakyReLUConfig& config = {}) : config_(config) {}
  std::string type() const override { return "LeakyReLU"; }
  Tensor forward(const Tensor& x) override;
  const LeakyReLUConfig& config() const { return config_; }

 private:
  LeakyReLUConfig config_;
};

struct ELUConfig {
  double alpha = 1;  ///< -alpha is the limit below
};

/// x above 0, alpha (e^x - 1) below; any shape, x's dtype.
class ELU final : public Module {
 public:
  explicit ELU(const ELUConfig& config = {}) : config_(config) {}
  std::string type() const override { return "ELU"; }
  Tensor forward(const Tensor& x) override;
  const ELUConfig& config() const { return config_; }

 private:
  ELUConfig config_;
};

struct CELUConfig {
  double alpha = 1;  ///< -alpha is the limit below; not 0
};

/// x above 0, alpha (e^(x / alpha) - 1) below; any shape, x's dtype. Its call throws ValueError for
/// an alpha of 0.
class CELU final : public Module {
 public:
  explicit CELU(const CELUConfig& config = {}) : config_(config) {}
  std::string type() const override { return "CELU"; }
  Tensor forward(const Tensor& x) override;
  const CELUConfig& config() const { return config_; }

 private:
  CELUConfig config_;
};

struct HardtanhConfig {
  double low = -1, high = 1;  ///< the bounds of the result
};

/// min(max(x, low), high); any shape, x's dtype. Its call throws ValueError where low > high.
class Hardtanh final : public Module {
 public:
  explicit Hardtanh(const HardtanhConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Hardtanh"; }
  Tensor forward(const Tensor& x) override;
  const HardtanhConfig& config() const { return config_; }

 private:
  HardtanhConfig config_;
};

struct SoftplusConfig {
  double beta = 1;        ///< how sharp the bend at 0 is
  double threshold = 20;  ///< of beta x, from where on the result is x: the rest is rounded off
};

/// log(1 + e^(beta x)) / beta, x itself where beta x > threshold; any shape, x's dtype.
class Softplus final : public Module {
 public:
  explicit Softplus(const SoftplusConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Softplus"; }
  Tensor forward(const Tensor& x) override;
  const SoftplusConfig& config() const { return config_; }

 private:
  SoftplusConfig config_;
};

struct SoftshrinkConfig {
  double lambda = 0.5;  ///< how far values move towards 0
};

/// x - lambda above lambda, x + lambda below -lambda, 0 between; any shape, x's dtype. Its call
/// throws ValueError for lambda < 0.
class Softshrink final : public Module {
 public:
  explicit Softshrink(const SoftshrinkConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Softshrink"; }
  Tensor forward(const Tensor& x) override;
  const SoftshrinkConfig& config() const { return config_; }

 private:
  SoftshrinkConfig config_;
};

struct HardshrinkConfig {
  double lambda = 0.5;  ///< up to this size values become 0
};

/// x, but 0 where |x| <= lambda; any shape, x's dtype.
class Hardshrink final : public Module {
 public:
  explicit Hardshrink(const HardshrinkConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Hardshrink"; }
  Tensor forward(const Tensor& x) override;
  const HardshrinkConfig& config() const { return config_; }

 private:
  HardshrinkConfig config_;
};

struct ThresholdConfig {
  double limit = 0;  ///< values above it stay
  double value = 0;  ///< what the others become
};

/// x above limit, value elsewhere; any shape, x's dtype.
class Threshold final : public Module {
 public:
  explicit Threshold(const ThresholdConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Threshold"; }
  Tensor forward(const Tensor& x) override;
  const ThresholdConfig& config() const { return config_; }

 private:
  ThresholdConfig config_;
};

struct GLUConfig {
  int axis = -1;  ///< the one that is halved; negative counts from the last
};

/// a / (1 + e^-b) of the two halves a and b of x along an axis: x's shape with half of that axis,
/// x's dtype. Throws ShapeError where the axis' size is odd, IndexError for an axis outside of x's.
class GLU final : public Module {
 public:
  explicit GLU(const GLUConfig& config = {}) : config_(config) {}
  std::string type() const override { return "GLU"; }
  Tensor forward(const Tensor& x) override;
  const GLUConfig& config() const { return config_; }

 private:
  GLUConfig config_;
};

struct SoftmaxConfig {
  int axis = -1;  ///< along which the results sum to 1; negative counts from the last
};

/// e^x / sum(e^x) along an axis: x's shape and dtype. Throws IndexError for an axis outside of x's.
class Softmax final : public Module {
 public:
  explicit Softmax(const SoftmaxConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Softmax"; }
  Tensor forward(const Tensor& x) override;
  const SoftmaxConfig& config() const { return config_; }

 private:
  SoftmaxConfig config_;
};

struct SoftminConfig {
  int axis = -1;  ///< as SoftmaxConfig's
};

/// softmax(-x) along an axis: x's shape and dtype. Throws IndexError for an axis outside of x's.
class Softmin final : public Module {
 public:
  explicit Softmin(const SoftminConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Softmin"; }
  Tensor forward(const Tensor& x) override;
  const SoftminConfig& config() const { return config_; }

 private:
  SoftminConfig config_;
};

/// Softmax over the channels of images [N, H, W, C] or [H, W, C]. Throws ShapeError for others.
class Softmax2d final : public Module {
 public:
  std::string type() const override { return "Softmax2d"; }
  Tensor forward(const Tensor& x) override;
};

struct LogSoftmaxConfig {
  int axis = -1;  ///< as SoftmaxConfig's
};

/// x - log(sum(e^x)) along an axis: x's shape and dtype. Throws IndexError for an axis outside of
/// x's.
class LogSoftmax final : public Module {
 public:
  explicit LogSoftmax(const LogSoftmaxConfig& config = {}) : config_(config) {}
  std::string type() const override { return "LogSoftmax"; }
  Tensor forward(const Tensor& x) override;
  const LogSoftmaxConfig& config() const { return config_; }

 private:
  LogSoftmaxConfig config_;
};

struct RReLUConfig {
  double low = 1.0 / 8, high = 1.0 / 3;  ///< of the slopes
};

/// In training x above 0 and below it x times a slope of the element's own, drawn in [low, high)
/// from the thread's default generator; in evaluation leaky_relu with their mean. Any shape, x's
/// dtype. Its call throws ValueError where low > high. See rrelu.
class RReLU final : public Module {
 public:
  explicit RReLU(const RReLUConfig& config = {}) : config_(config) {}
  std::string type() const override { return "RReLU"; }
  Tensor forward(const Tensor& x) override;
  const RReLUConfig& config() const { return config_; }

 private:
  RReLUConfig config_;
};

struct PReLUConfig {
  int64_t channels = 1;  ///< 1, or the size of the input's last axis
  double init = 0.25;
};

/// leaky_relu with a slope that is learned, one for all or one for each channel; see prelu. Any
/// shape that ends in the channels; the dtype is the one that x and the weight promote to. Throws
/// ValueError for channels < 1, ShapeError for an x with another number of them.
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
