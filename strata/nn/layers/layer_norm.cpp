#include "strata/nn/layers/layer_norm.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/init.h"
#include "strata/ops/normalize.h"

namespace strata::nn {

LayerNorm::LayerNorm(const LayerNormConfig& config) : config_(config) {
  const Shape& shape = config.shape;
  if (shape.empty() || std::any_of(shape.begin(), shape.end(), [](int64_t n) { return n < 1; })) {
    throw ValueError("LayerNorm",
                     fmt::format(".shape needs sizes of at least 1, got {}", to_string(shape)));
  }
  if (!config.affine) return;
  weight = parameter(shape);
  init::constant(weight, 1);
  if (!config.bias) return;
  bias = parameter(shape);
  init::constant(bias, 0);
}

Tensor LayerNorm::forward(const Tensor& x) {
  return layer_norm(x, config_.shape, weight, bias, config_.eps);
}

}  // namespace strata::nn
