#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct AdagradConfig {
  double lr = 1e-2;
  double lr_decay = 0;  ///< the rate at step n (from 0) is lr / (1 + n * lr_decay)
  double weight_decay = 0;
  double first_sum = 0;  ///< where the sums begin (initial_accumulator_value)
  double eps = 1e-10;
  bool maximize = false;
};

/// Adagrad (Duchi, Hazan and Singer 2011): rates fall with the sum of the squared gradients; the
/// formulas of torch.optim.Adagrad. Parameters f32 or f64.
class Adagrad final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a negative lr_decay, first_sum or eps.
  explicit Adagrad(std::vector<Tensor> params, const AdagradConfig& config = {});
  explicit Adagrad(std::vector<ParamGroup> groups, const AdagradConfig& config = {});

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  AdagradConfig config_;
};

}  // namespace strata
