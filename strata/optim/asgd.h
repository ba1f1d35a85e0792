#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct ASGDConfig {
  double lr = 1e-2;
  double lambda = 1e-4;  ///< shrinks the parameters, and the rate with `alpha` (PyTorch's lambd)
  double alpha = 0.75;   ///< the rate of step n + 1 is lr / (1 + lambda lr n)^alpha
  double t0 = 1e6;       ///< averages begin after so many steps
  double weight_decay = 0;
  bool maximize = false;
};

/// Averaged stochastic gradient descent (Polyak and Juditsky 1992); the formulas of
/// torch.optim.ASGD. The averages are "ax" in state(); before t0 they are the parameters.
/// Parameters f32 or f64.
class ASGD final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a negative lambda or alpha.
  explicit ASGD(std::vector<Tensor> params, const ASGDConfig& config = {});
  explicit ASGD(std::vector<ParamGroup> groups, const ASGDConfig& config = {});

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  ASGDConfig config_;
};

}  // namespace strata
