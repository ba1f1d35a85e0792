#include "strata/ops/quantiles.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/indexing.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

void check_elements(const char* op, const Tensor& x, int axis) {
  internal::check_not_empty(op, x, internal::reduced_shape(op, x, {axis}));
}

}  // namespace

Extremes median(const Tensor& x, int axis, bool keep) {
  axis = normalize_axis("median", axis, x.rank());
  if (x.rank() == 0) return {reshape(x, {}), argmax(x, 0)};
  check_elements("median", x, axis);
  Tensor at;
  {
    const NoGrad no_grad;
    const int64_t k = (x.size(axis) + 1) / 2;
    at = slice(topk(x, k, axis, false).indices, axis, k - 1);
    // NaN is larger than all for argmax, and of several the first is taken.
    at = where(any(isnan(x), {axis}, true), argmax(x, axis, true), at);
  }
  const Tensor values = gather(x, axis, at);
  if (keep) return {values, at};
  return {squeeze(values, axis), squeeze(at, axis)};
}

Tensor median(const Tensor& x) { return median(reshape(x, {-1}), 0).values; }

Tensor quantile(const Tensor& x, double q, int axis, bool keep) {
  internal::check_floating("quantile", x);
  if (!(q >= 0 && q <= 1)) {
    throw ValueError("quantile", fmt::format("q must be in [0, 1], got {}", q));
  }
  if (x.dtype() == DType::f16) {
    return cast(quantile(cast(x, DType::f32), q, axis, keep), x.dtype());
  }
  axis = normalize_axis("quantile", axis, x.rank());
  if (x.rank() == 0) return reshape(x, {});
  check_elements("quantile", x, axis);
  const int64_t n = x.size(axis);
  const double place = q * static_cast<double>(n - 1);
  const auto below = static_cast<int64_t>(place);
  const int64_t above = std::min(below + 1, n - 1);
  const Tensor sorted = topk(x, n, axis, false).values;
  const Tensor low = slice(sorted, axis, below, below + 1);
  const Tensor high = slice(sorted, axis, above, above + 1);
  // An infinite lower end is the result: the way from it would be NaN.
  const double way = place - static_cast<double>(below);
  Tensor y = low;
  if (way > 0) {
    y = where(isinf(low), low, low + (high - low) * way);
  }
  // NaN stands last in the order.
  const Tensor last = slice(sorted, axis, n - 1);
  y = where(isnan(last), last, y);
  return keep ? y : squeeze(y, axis);
}

Tensor quantile(const Tensor& x, double q) { return quantile(reshape(x, {-1}), q, 0); }

}  // namespace strata
