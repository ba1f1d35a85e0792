#include "strata/distributions/lkj_cholesky.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/least_normal.h"
#include "strata/distributions/dirichlet.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

LKJCholesky::LKJCholesky(int64_t n, const Operand& concentration, bool validate_args)
    : Distribution("LKJCholesky", validate_args),
      concentration_(broadcast({{"concentration", concentration}})[0]) {
  if (n < 2) throw ValueError(name(), fmt::format("n must be at least 2, got {}", n));
  set_shapes(batch_shape(), {n, n});
  require_positive("concentration", concentration_);
}

LKJCholesky LKJCholesky::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &LKJCholesky::concentration_);
}

Tensor LKJCholesky::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  const Tensor& c = concentration_;
  // Row i of the matrix is a point of the i-dimensional ball: its square radius is a beta draw, its
  // direction that of a normal vector.
  const Tensor row = arange(0, size(), 1, c.dtype(), c.device());
  const Tensor before = clamp(row - 1, 0) / 2;
  const Beta radius(before + 0.5, unsqueeze(c, -1) + (0.5 * (size() - 2)) - before, false);
  const Tensor squares = where(row == 0, 0, radius.sample(shape, generator));
  const Tensor noise = tril(internal::standard_normal(draw_shape(shape), c, generator), -1);
  const Tensor length = clamp(sqrt(sum(square(noise), {-1}, true)), least_normal(c.dtype()));
  const Tensor below = unsqueeze(sqrt(squares), -1) * noise / length;
  const Tensor rest = clamp(1 - sum(square(below), {-1}), least_normal(c.dtype()));
  return below + eye(event_shape()[0], c.dtype(), c.device()) * unsqueeze(sqrt(rest), -1);
}

Tensor LKJCholesky::log_prob(const Tensor& value) const {
  const Tensor& c = concentration_;
  const Tensor x = fitting(value, c.dtype());
  require("value", x, "lower triangular", [&] { return tril(x) == x; });
  if (validates()) {
    const Tensor scales = diagonal(x.detach(), 0, -2, -1);
    require_positive("the diagonal of value", scales);
    const Tensor lengths = sum(square(x.detach()), {-1});
    const double rounding = std::max(1e-5, internal::epsilon(x.dtype()) * size());
    require("the squares of a row of value", lengths, "of sum 1",
            [&] { return abs(lengths - 1) < rounding; });
  }
  const double n = size(), others = n - 1;
  const Tensor logs = log(slice(diagonal(x, 0, -2, -1), -1, 1));
  const Tensor order = 2 * (unsqueeze(c, -1) - 1) + arange(n - 2, -1, -1, c.dtype(), c.device());
  const Tensor a = c + 0.5 * others;
  const Tensor halves = arange(1, n, 1, c.dtype(), c.device()) / 2;
  const double constant = others * n / 4 * std::log(std::numbers::pi);
  return sum(order * logs, {-1}) + others * lgamma(a) -
         sum(lgamma(unsqueeze(a, -1) - halves), {-1}) - constant;
}

}  // namespace strata::distributions
