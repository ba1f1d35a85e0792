#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct SGDConfig {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
};

/// Stochastic gradient descent with momentum, dampening, Nesterov's momentum and weight decay
/// (Sutskever et al. 2013); the formulas of torch.optim.SGD, but for one case: where the first
/// steps were taken after set_momentum(0), the first with a momentum is dampened too. Parameters
/// f32 or f64.
class SGD final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a negative momentum, and for Nesterov's without a momentum
  /// or with dampening.
  explicit SGD(std::vector<Tensor> params, const SGDConfig& config = {});
  explicit SGD(std::vector<ParamGroup> groups, const SGDConfig& config = {});

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  SGDConfig config_;
};

}  // namespace strata
