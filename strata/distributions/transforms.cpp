#include "strata/distributions/transforms.h"

#include <numbers>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/least_normal.h"
#include "strata/distributions/noise.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/pad.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/scans.h"
#include "strata/ops/select.h"
#include "strata/ops/softmax.h"
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

Tensor Power::forward(const Tensor& x) const { return pow(x, exponent); }
Tensor Power::inverse(const Tensor& y) const { return pow(y, 1 / exponent); }
Tensor Power::log_abs_det_jacobian(const Tensor& x, const Tensor&) const {
  return log(abs(exponent)) + (exponent - 1) * log(x);
}
Tensor Power::valid(const Tensor& y) const { return y > 0; }

Tensor Softplus::forward(const Tensor& x) const { return softplus(x); }
Tensor Softplus::inverse(const Tensor& y) const { return y + log(-expm1(-y)); }
Tensor Softplus::log_abs_det_jacobian(const Tensor& x, const Tensor&) const {
  return logsigmoid(x);
}
Tensor Softplus::valid(const Tensor& y) const { return y > 0; }

Tensor Abs::forward(const Tensor& x) const { return abs(x); }
Tensor Abs::inverse(const Tensor& y) const { return y; }

Tensor Softmax::forward(const Tensor& x) const { return softmax(x); }
Tensor Softmax::inverse(const Tensor& y) const { return log(y); }

namespace {

/// log(n - i) for i < n, on x's device.
Tensor log_parts(const Tensor& x, int64_t n) {
  const auto count = static_cast<double>(n);
  return log(arange(count, 0, -1, x.dtype(), x.device()));
}

/// A 1 before (or behind) each vector.
Tensor with_one(const Tensor& x, int64_t before, int64_t behind) {
  return pad(x, {{.axis = -1, .before = before, .after = behind}}, 1);
}

}  // namespace

Shape StickBreaking::shape(const Shape& x) const {
  internal::check_coupled(event_rank, x);
  Shape y = x;
  ++y.back();
  return y;
}
Tensor StickBreaking::forward(const Tensor& x) const {
  const Tensor share = Sigmoid().forward(x - log_parts(x, x.size(-1)));
  return with_one(share, 0, 1) * with_one(cumprod(1 - share, -1), 1, 0);
}
Tensor StickBreaking::inverse(const Tensor& y) const {
  const int64_t n = y.size(-1) - 1;
  const Tensor parts = slice(y, -1, 0, n);
  // Rounding may leave nothing, or less.
  const Tensor rest = clamp(1 - cumsum(parts, -1), least_normal(y.dtype()));
  return log(parts) - log(rest) + log_parts(y, n);
}
Tensor StickBreaking::log_abs_det_jacobian(const Tensor& x, const Tensor& y) const {
  const Tensor logits = x - log_parts(x, x.size(-1));
  // 1 - sigmoid(x) = e^-x sigmoid(x).
  return sum(logsigmoid(-logits) + log(slice(y, -1, 0, x.size(-1))), {-1});
}

Tensor LowerCholesky::forward(const Tensor& x) const {
  const Tensor unit = eye(x.size(-1), x.dtype(), x.device());
  return tril(x, -1) + unit * unsqueeze(exp(diagonal(x, 0, -2, -1)), -1);
}
Tensor LowerCholesky::inverse(const Tensor& y) const {
  const Tensor unit = eye(y.size(-1), y.dtype(), y.device());
  return tril(y, -1) + unit * unsqueeze(log(diagonal(y, 0, -2, -1)), -1);
}

namespace internal {

void check_coupled(int axes, const Shape& shape) {
  if (axes <= shape.rank()) return;
  throw ShapeError("Transformed", fmt::format("the transform couples {} axes of draws of shape {}",
                                              axes, to_string(shape)));
}

Tensor difference(const Tensor& a, const Tensor& b) { return a - b; }
Tensor total(const Tensor& a, const Tensor& b) { return a + b; }

}  // namespace internal
}  // namespace strata::distributions
