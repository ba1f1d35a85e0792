#include "strata/ops/quantiles.h"

#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/sort.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

void check_elements(const char* op, const Tensor& x, int axis) {
  internal::check_not_empty(op, x, internal::reduced_shape(op, x, {axis}));
}

struct Rule {
  bool keep, ignores_nan;
  Interpolation interpolation;
};

/// The shares that q asks for, along `axis` of as many axes as x has, in the dtype of their places:
/// that of x, as PyTorch computes them, where it can count x's elements.
Tensor shares(const char* op, const Tensor& x, const Operand& q, int axis) {
  Tensor all = q.is_tensor() ? q.tensor() : number_tensor(q.number(), DType::f64, x.device());
  internal::check_same_device(op, x, all);
  if (!is_floating(all.dtype())) {
    throw DTypeError(op, fmt::format("q must be floating, got {}", describe(all)));
  }
  if (all.rank() > 1) {
    throw ShapeError(op, fmt::format("q must have one axis at most, got {}", describe(all)));
  }
  for (const double share : all.is_meta() ? std::vector<double>() : all.to_vector<double>()) {
    if (!(share >= 0 && share <= 1)) {
      throw ValueError(op, fmt::format("q must be in [0, 1], got {}", share));
    }
  }
  Shape shape = Shape::filled(x.rank(), 1);
  shape[axis] = all.numel();
  constexpr int64_t kCounted = 1 << 24;  // in f32
  return reshape(cast(all, x.size(axis) > kCounted ? DType::f64 : x.dtype()), shape);
}

/// The places that the shares `q` have in the order of the elements along `axis`, whose positions
/// in x are `order`.
Tensor places(const Tensor& x, const Tensor& order, const Tensor& q, int axis, bool ignores_nan) {
  if (ignores_nan) {
    const Tensor count = sum(logical_not(isnan(x)), {axis}, true);
    return where(count == 0, 0, q * (count - 1));
  }
  const int64_t last = x.size(axis) - 1;
  // NaN stands last in the order.
  return where(isnan(gather(x.detach(), axis, slice(order, axis, last))), last, q * last);
}

Tensor quantile_along(const char* op, const Rule& rule, const Tensor& x, const Operand& q,
                      int axis) {
  internal::check_floating(op, x);
  if (size_of(x.dtype()) < 4) {
    return cast(quantile_along(op, rule, cast(x, DType::f32), q, axis), x.dtype());
  }
  axis = normalize_axis(op, axis, x.rank());
  if (x.rank() == 0) {
    return quantile_along(op, {false, rule.ignores_nan, rule.interpolation}, reshape(x, {1}), q, 0);
  }
  check_elements(op, x, axis);
  const Tensor q_axis = shares(op, x, q, axis);
  const Tensor order = argsort(x.detach(), axis);
  const auto element = [&](const Tensor& place) {
    return gather(x, axis, gather(order, axis, cast(place, DType::i64)));
  };
  const Tensor place = places(x, order, q_axis, axis, rule.ignores_nan);
  Tensor y;
  switch (rule.interpolation) {
    case Interpolation::lower: y = element(floor(place)); break;
    case Interpolation::higher: y = element(ceil(place)); break;
    case Interpolation::nearest: y = element(round(place)); break;
    case Interpolation::linear:
    case Interpolation::midpoint: {
      const Tensor below = floor(place), low = element(below), high = element(ceil(place));
      const Tensor way = rule.interpolation == Interpolation::linear
                             ? cast(place - below, x.dtype())
                             : full({}, 0.5, x.dtype(), x.device());
      // An infinite lower end is the result: the way from it would be NaN.
      y = where(isinf(low), low, low + (high - low) * way);
    }
  }
  if (!q.is_tensor() || q.tensor().rank() == 0) return rule.keep ? y : squeeze(y, axis);
  y = movedim(y, axis, 0);
  return rule.keep ? unsqueeze(y, axis + 1) : y;
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

Tensor median(const Tensor& x) {
  Tensor y;
  {
    const NoGrad no_grad;
    y = median(reshape(x, {-1}), 0).values;
  }
  return internal::record_shared("median", x, y);
}

Tensor quantile(const Tensor& x, const Operand& q, int axis, bool keep,
                Interpolation interpolation) {
  return quantile_along("quantile", {keep, false, interpolation}, x, q, axis);
}
Tensor quantile(const Tensor& x, const Operand& q, Interpolation interpolation) {
  return quantile(reshape(x, {-1}), q, 0, false, interpolation);
}

Tensor nanquantile(const Tensor& x, const Operand& q, int axis, bool keep,
                   Interpolation interpolation) {
  return quantile_along("nanquantile", {keep, true, interpolation}, x, q, axis);
}
Tensor nanquantile(const Tensor& x, const Operand& q, Interpolation interpolation) {
  return nanquantile(reshape(x, {-1}), q, 0, false, interpolation);
}

}  // namespace strata
