#include "strata/distributions/transforms.h"

#include <numbers>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/least_normal.h"
#include "strata/distributions/noise.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::distributions {

Tensor Exp::forward(const Tensor& x) const { return exp(x); }
Tensor Exp::inverse(const Tensor& y) const { return log(y); }
Tensor Exp::log_abs_det_jacobian(const Tensor& x, const Tensor&) const { return x; }
Tensor Exp::valid(const Tensor& y) const { return y > 0; }

Tensor Tanh::forward(const Tensor& x) const { return tanh(x); }
Tensor Tanh::inverse(const Tensor& y) const { return atanh(y); }
Tensor Tanh::log_abs_det_jacobian(const Tensor& x, const Tensor&) const {
  // log(1 - tanh(x)^2) without the difference.
  return 2 * (logsigmoid(2 * x) - x + std::numbers::ln2);
}
Tensor Tanh::valid(const Tensor& y) const { return logical_and(y >= -1, y <= 1); }

Tensor Sigmoid::forward(const Tensor& x) const {
  const double eps = internal::epsilon(x.dtype());
  return clamp(sigmoid(x), least_normal(x.dtype()), 1 - eps);
}
Tensor Sigmoid::inverse(const Tensor& y) const {
  const double eps = internal::epsilon(y.dtype());
  const Tensor p = clamp(y, least_normal(y.dtype()), 1 - eps);
  return log(p) - log1p(-p);
}
Tensor Sigmoid::log_abs_det_jacobian(const Tensor& x, const Tensor&) const {
  return logsigmoid(x) + logsigmoid(-x);
}
Tensor Sigmoid::valid(const Tensor& y) const { return logical_and(y >= 0, y <= 1); }

Tensor Affine::forward(const Tensor& x) const { return loc + scale * x; }
Tensor Affine::inverse(const Tensor& y) const { return (y - loc) / scale; }
Tensor Affine::log_abs_det_jacobian(const Tensor& x, const Tensor&) const {
  return expand(log(abs(scale)), x.shape());
}

namespace internal {

void check_coupled(int axes, const Shape& shape) {
  if (axes <= shape.rank()) return;
  throw ShapeError("Transformed", fmt::format("the transform couples {} axes of draws of shape {}",
                                              axes, to_string(shape)));
}

Tensor difference(const Tensor& a, const Tensor& b) { return a - b; }

}  // namespace internal
}  // namespace strata::distributions
