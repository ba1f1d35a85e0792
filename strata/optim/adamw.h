#pragma once

#include "strata/optim/adam.h"

namespace strata {

struct AdamWConfig {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 1e-2;  ///< shrinks the parameters by lr * weight_decay each step
  bool amsgrad = false;
  bool maximize = false;
};

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019); the formulas of
/// torch.optim.AdamW.
class AdamW final : public Adam {
 public:
  /// Throw as Adam.
  explicit AdamW(std::vector<Tensor> params, const AdamWConfig& config = {});
  explicit AdamW(std::vector<ParamGroup> groups, const AdamWConfig& config = {});
};

}  // namespace strata
