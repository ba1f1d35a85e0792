#include "strata/nn/layers/flatten.h"

#include "strata/ops/views.h"

namespace strata::nn {

Tensor Flatten::forward(const Tensor& x) {
  const bool spatial = x.rank() == 4 || x.rank() == 5;
  if (x.rank() < 3 || !config_.channels_first.value_or(spatial)) return flatten(x, 1);
  Dims order = {0, x.rank() - 1};
  for (int axis = 1; axis < x.rank() - 1; ++axis) order.push_back(axis);
  return flatten(permute(x, order), 1);
}

}  // namespace strata::nn
