#include "strata/distributions/gaussian.h"

#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/linalg.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::distributions::internal {

Tensor turned(const Tensor& matrices) { return transpose(matrices, -2, -1); }

Tensor tril_of_precision(const Tensor& precision) {
  // The factor of the matrix read backwards, inverted.
  const Tensor factor = cholesky(flip(precision, {-2, -1}));
  const Tensor lower = turned(flip(factor, {-2, -1}));
  return solve_triangular(lower, eye(precision.size(-1), precision.dtype(), precision.device()),
                          false);
}

Tensor whitened(const Tensor& scale_tril, const Tensor& x) {
  if (scale_tril.rank() == 2) {  // one matrix for all of them
    const int64_t n = x.size(-1);
    const Tensor columns = transpose(reshape(x, {x.numel() / n, n}), 0, 1);
    return reshape(transpose(solve_triangular(scale_tril, columns, false), 0, 1), x.shape());
  }
  return squeeze(solve_triangular(scale_tril, unsqueeze(x, -1), false), -1);
}

Tensor log_det(const Tensor& scale_tril) { return sum(log(diagonal(scale_tril, 0, -2, -1)), {-1}); }

}  // namespace strata::distributions::internal
