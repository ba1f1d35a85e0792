#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct RMSpropConfig {
  double lr = 1e-2;
  double alpha = 0.99;  ///< how much of the mean square stays
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;  ///< divide by the deviation instead of the root mean square
  bool maximize = false;
};

/// RMSprop (Hinton 2012; centred: Graves 2013); the formulas of torch.optim.RMSprop. Parameters f32
/// or f64.
class RMSprop final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for an alpha outside of [0, 1], a momentum outside of [0, 1)
  /// and a negative eps.
  explicit RMSprop(std::vector<Tensor> params, const RMSpropConfig& config = {});
  explicit RMSprop(std::vector<ParamGroup> groups, const RMSpropConfig& config = {});

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  RMSpropConfig config_;
};

}  // namespace strata
