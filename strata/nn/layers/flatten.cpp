#include "strata/nn/layers/flatten.h"

#include "strata/ops/views.h"

namespace strata::nn {

Tensor Flatten::forward(const Tensor& x) {
  return flatten(x.rank() == 4 ? permute(x, {0, 3, 1, 2}) : x, 1);
}

}  // namespace strata::nn
