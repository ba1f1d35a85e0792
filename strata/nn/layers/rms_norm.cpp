#include "strata/nn/layers/rms_norm.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/init.h"
#include "strata/ops/normalize.h"

namespace strata::nn {

RMSNorm::RMSNorm(const RMSNormConfig& config) : config_(config) {
  const Shape& shape = config.shape;
  if (shape.empty() || std::any_of(shape.begin(), shape.end(), [](int64_t n) { return n < 1; })) {
    throw ValueError("RMSNorm",
                     fmt::format(".shape needs sizes of at least 1, got {}", to_string(shape)));
  }
  if (!config.affine) return;
  weight = parameter(shape);
  init::constant(weight, 1);
}

Tensor RMSNorm::forward(const Tensor& x) { return rms_norm(x, config_.shape, weight, config_.eps); }

}  // namespace strata::nn
