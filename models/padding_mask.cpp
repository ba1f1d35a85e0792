#include "models/padding_mask.h"

#include "strata/ops/compare.h"
#include "strata/ops/views.h"

namespace strata::models {

Tensor padding_mask(const Tensor& mask) {
  if (!mask.defined()) return {};
  const Tensor taken = mask.dtype() == DType::boolean ? mask : mask != 0;
  return reshape(taken, {mask.size(0), 1, 1, mask.size(1)});
}

}  // namespace strata::models
