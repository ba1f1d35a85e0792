#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct RpropConfig {
  double lr = 1e-2;  ///< the first size of each step
  double eta_minus = 0.5;
  double eta_plus = 1.2;
  double min_step = 1e-6;
  double max_step = 50;
  bool maximize = false;
};

/// Resilient backpropagation (Riedmiller and Braun 1993): each element has a step size of its own,
/// which grows while its gradient keeps its sign and shrinks where that turns; the formulas of
/// torch.optim.Rprop. For gradients over all data. Parameters f32 or f64; groups have no weight
/// decay.
class Rprop final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for eta_minus outside of (0, 1), an eta_plus
  /// of 1 or less, step sizes out of order and a group with weight decay.
  explicit Rprop(std::vector<Tensor> params, const RpropConfig& config = {});
  explicit Rprop(std::vector<ParamGroup> groups, const RpropConfig& config = {});

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  RpropConfig config_;
};

}  // namespace strata
