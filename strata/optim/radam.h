#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct RAdamConfig {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  bool decoupled = false;  ///< weight decay shrinks the parameter, as AdamW's
  bool maximize = false;
};

/// Adam that begins as momentum alone, until its second moment can be trusted (Liu et al. 2020);
/// the formulas of torch.optim.RAdam. Parameters f32 or f64.
class RAdam final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a beta outside of [0, 1) and a negative eps.
  explicit RAdam(std::vector<Tensor> params, const RAdamConfig& config = {});
  explicit RAdam(std::vector<ParamGroup> groups, const RAdamConfig& config = {});

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  RAdamConfig config_;
};

}  // namespace strata
