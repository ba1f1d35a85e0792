#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct AdadeltaConfig {
  double lr = 1;
  double rho = 0.9;
  double eps = 1e-6;
  double weight_decay = 0;
  bool maximize = false;
};

/// Adadelta (Zeiler 2012): steps as long as those before, in units of the gradient; the formulas of
/// torch.optim.Adadelta. Parameters f32 or f64.
class Adadelta final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a rho outside of [0, 1] and a negative eps.
  explicit Adadelta(std::vector<Tensor> params, const AdadeltaConfig& config = {});
  explicit Adadelta(std::vector<ParamGroup> groups, const AdadeltaConfig& config = {});

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  AdadeltaConfig config_;
};

}  // namespace strata
