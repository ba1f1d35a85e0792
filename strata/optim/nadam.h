#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct NAdamConfig {
  double lr = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum_decay = 4e-3;  ///< beta1 at step n is beta1 * (1 - 0.96^(n * momentum_decay) / 2)
  bool decoupled = false;        ///< weight decay shrinks the parameter, as AdamW's
  bool maximize = false;
};

/// Adam with Nesterov's momentum (Dozat 2016); the formulas of torch.optim.NAdam. Parameters f32 or
/// f64.
class NAdam final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a beta outside of [0, 1) and a negative eps or
  /// momentum_decay.
  explicit NAdam(std::vector<Tensor> params, const NAdamConfig& config = {});
  explicit NAdam(std::vector<ParamGroup> groups, const NAdamConfig& config = {});

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  NAdamConfig config_;
};

}  // namespace strata
