#include "strata/ops/distances.h"

#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"

namespace strata {

Tensor cosine_similarity(const Tensor& a, const Tensor& b, int axis, double eps) {
  internal::check_floating("cosine_similarity", a);
  internal::check_floating("cosine_similarity", b);
  if (a.dtype() == DType::f16 && b.dtype() == DType::f16) {
    return cast(cosine_similarity(cast(a, DType::f32), cast(b, DType::f32), axis, eps), DType::f16);
  }
  const Shape shape = broadcast_shapes("cosine_similarity", a.shape(), b.shape());
  const auto direction = [&](const Tensor& x) {
    const Tensor whole = expand(x, shape);
    return whole / clamp(norm(whole, 2, {axis}, true), eps);
  };
  return sum(direction(a) * direction(b), {axis});
}

Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p, double eps, bool keep) {
  internal::check_floating("pairwise_distance", a);
  internal::check_floating("pairwise_distance", b);
  if (a.dtype() == DType::f16 && b.dtype() == DType::f16) {
    return cast(pairwise_distance(cast(a, DType::f32), cast(b, DType::f32), p, eps, keep),
                DType::f16);
  }
  return norm(a - b + eps, p, {-1}, keep);
}

}  // namespace strata
