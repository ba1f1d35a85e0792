#include "models/heads.h"

#include "strata/ops/compare.h"
#include "strata/ops/views.h"

namespace strata::models {

Tensor split_heads(const Tensor& x, int64_t heads) {
  return permute(reshape(x, {x.size(0), x.size(1), heads, x.size(2) / heads}), {0, 2, 1, 3});
}

Tensor padding_mask(const Tensor& mask) {
  if (!mask.defined()) return {};
  const Tensor taken = mask.dtype() == DType::boolean ? mask : mask != 0;
  return reshape(taken, {mask.size(0), 1, 1, mask.size(1)});
}

}  // namespace strata::models
