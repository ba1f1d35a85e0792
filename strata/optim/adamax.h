#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct AdamaxConfig {
  double lr = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  bool maximize = false;
};

/// Adam by the infinity norm (Kingma and Ba 2015, section 7.1); the formulas of torch.optim.Adamax.
/// Parameters f32 or f64.
class Adamax final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a beta outside of [0, 1) and a negative eps.
  explicit Adamax(std::vector<Tensor> params, const AdamaxConfig& config = {});
  explicit Adamax(std::vector<ParamGroup> groups, const AdamaxConfig& config = {});

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  AdamaxConfig config_;
};

}  // namespace strata
