#include "strata/nn/heads.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/views.h"

namespace strata::nn {

Tensor split_heads(const Tensor& x, int64_t heads) {
  if (x.rank() != 3 || heads < 1 || x.size(2) % heads != 0) {
    throw ShapeError("split_heads", fmt::format("takes [N, T, heads * D] with {} heads, got {}",
                                                heads, describe(x)));
  }
  return permute(reshape(x, {x.size(0), x.size(1), heads, x.size(2) / heads}), {0, 2, 1, 3});
}

Tensor merge_heads(const Tensor& x) {
  if (x.rank() != 4) {
    throw ShapeError("merge_heads", "takes [N, heads, T, D], got " + describe(x));
  }
  return reshape(permute(x, {0, 2, 1, 3}), {x.size(0), x.size(2), x.size(1) * x.size(3)});
}

}  // namespace strata::nn
