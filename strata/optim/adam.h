#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct AdamConfig {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;  ///< joins the gradient; see AdamW for the decoupled kind
  bool amsgrad = false;
  bool maximize = false;
};

/// Adam (Kingma and Ba 2015) and its variant AMSGrad (Reddi et al. 2018); the formulas of
/// torch.optim.Adam. Parameters f32 or f64.
class Adam : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a beta outside of [0, 1) and a negative eps.
  explicit Adam(std::vector<Tensor> params, const AdamConfig& config = {});
  explicit Adam(std::vector<ParamGroup> groups, const AdamConfig& config = {});

 protected:
  Adam(const char* name, std::vector<ParamGroup> groups, const AdamConfig& config, bool decoupled);

 private:
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  AdamConfig config_;
  bool decoupled_;
};

}  // namespace strata
