#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct LionConfig {
  double lr = 1e-4;
  double beta1 = 0.9;       ///< of the step
  double beta2 = 0.99;      ///< of the mean that is kept
  double weight_decay = 0;  ///< shrinks the parameters by lr * weight_decay each step
  bool maximize = false;
};

/// Lion (Chen et al. 2023, algorithm 2): the sign of an interpolation between the mean gradient and
/// the present one, with decoupled weight decay. Parameters f32 or f64.
class Lion final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a beta outside of [0, 1).
  explicit Lion(std::vector<Tensor> params, const LionConfig& config = {});
  explicit Lion(std::vector<ParamGroup> groups, const LionConfig& config = {});

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  LionConfig config_;
};

}  // namespace strata
