#include "strata/nn/layers/dropout.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/dropout.h"

namespace strata::nn {

Dropout::Dropout(const DropoutConfig& config) : config_(config) {
  if (config.p >= 0 && config.p <= 1) return;
  throw ValueError("Dropout", fmt::format(".p must be in [0, 1], got {}", config.p));
}

Tensor Dropout::forward(const Tensor& x) { return dropout(x, config_.p, training()); }

}  // namespace strata::nn
