#include "strata/ops/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/moments.h"
#include "strata/kernels/reduce.h"
#include "strata/kernels/softmax.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/joining.h"
#include "strata/ops/scans.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {

using internal::ReducedShape;
using internal::with_shape;

Tensor sum(const Tensor& x, const Dims& axes, bool keep) {
  const ReducedShape r = internal::reduced_shape("sum", x, axes);
  Tensor y = empty(r.kept, is_floating(x.dtype()) ? x.dtype() : DType::i64, x.device());
  on_cpu("sum", x, [&](Cpu cpu) { kernels::reduce(cpu, kernels::Reduce::sum, x, y); });
  return record("sum", {x}, keep ? y : with_shape(y, r.dropped),
                [kept = r.kept, shape = x.shape()](const Tensor& dy, Needs) -> Grads {
                  return {expand(reshape(dy, kept), shape)};
                });
}

Tensor mean(const Tensor& x, const Dims& axes, bool keep) {
  internal::check_floating("mean", x);
  const ReducedShape r = internal::reduced_shape("mean", x, axes);
  const double scale = 1.0 / static_cast<double>(r.count);
  Tensor y = empty(r.kept, x.dtype(), x.device());
  on_cpu("mean", x, [&](Cpu cpu) { kernels::reduce(cpu, kernels::Reduce::sum, x, y, scale); });
  return record("mean", {x}, keep ? y : with_shape(y, r.dropped),
                [kept = r.kept, shape = x.shape(), scale](const Tensor& dy, Needs) -> Grads {
                  return {expand(reshape(dy, kept) * scale, shape)};
                });
}

Tensor nansum(const Tensor& x, const Dims& axes, bool keep) {
  return is_floating(x.dtype()) ? sum(where(isnan(x), 0, x), axes, keep) : sum(x, axes, keep);
}

Tensor nanmean(const Tensor& x, const Dims& axes, bool keep) {
  internal::check_floating("nanmean", x);
  if (size_of(x.dtype()) < 4) {
    return cast(nanmean(cast(x, DType::f32), axes, keep), x.dtype());
  }
  return nansum(x, axes, keep) / sum(logical_not(isnan(x)), axes, keep);
}

Tensor var(const Tensor& x, const Dims& axes, double correction, bool keep) {
  internal::check_floating("var", x);
  if (x.dtype() == DType::f16) {
    return cast(var(cast(x, DType::f32), axes, correction, keep), DType::f16);
  }
  const ReducedShape r = internal::reduced_shape("var", x, axes);
  const DType computed = x.dtype() == DType::f64 ? DType::f64 : DType::f32;
  const double divisor = std::max(0.0, static_cast<double>(r.count) - correction);
  Tensor y;
  {
    const NoGrad no_grad;
    Tensor centre = empty(r.kept, computed, x.device(), "var");
    Tensor squares = empty_like(centre, "var");
    on_cpu("var", x, [&](Cpu cpu) { kernels::moments(cpu, x, centre, squares); });
    y = cast(with_shape(squares / divisor, keep ? r.kept : r.dropped), x.dtype());
  }
  return record("var", {x}, y,
                [x = save(x), axes, kept = r.kept, divisor](const Tensor& dy, Needs) -> Grads {
                  const Tensor from = x.get();
                  const Tensor centred = from - mean(from, axes, true);
                  return {centred * (reshape(dy, kept) * (2 / divisor))};
                });
}

Tensor stddev(const Tensor& x, const Dims& axes, double correction, bool keep) {
  internal::check_floating("stddev", x);
  if (size_of(x.dtype()) < 4) {
    return cast(stddev(cast(x, DType::f32), axes, correction, keep), x.dtype());
  }
  const Tensor v = var(x, axes, correction, keep);
  return where(v == 0, 0, sqrt(where(v == 0, 1, v)));
}

VarMean var_mean(const Tensor& x, const Dims& axes, double correction, bool keep) {
  return {var(x, axes, correction, keep), mean(x, axes, keep)};
}

Tensor logsumexp(const Tensor& x, const Dims& axes, bool keep) {
  internal::check_floating("logsumexp", x);
  if (x.dtype() == DType::f16) {
    return cast(logsumexp(cast(x, DType::f32), axes, keep), DType::f16);
  }
  const ReducedShape r = internal::reduced_shape("logsumexp", x, axes);
  Tensor y = empty(r.kept, x.dtype(), x.device());
  on_cpu("logsumexp", x, [&](Cpu cpu) { kernels::logsumexp(cpu, x, y); });
  return record("logsumexp", {x}, keep ? y : with_shape(y, r.dropped),
                [x = save(x), y = save_output(keep ? y : with_shape(y, r.dropped)), kept = r.kept](
                    const Tensor& dy, Needs) -> Grads {
                  return {reshape(dy, kept) * exp(x.get() - reshape(y.get(), kept))};
                });
}

namespace {

/// |x| to the power p, summed and to the power 1/p, for p without a kernel of its own; axes kept.
Tensor general_norm(const Tensor& x, double p, const Dims& axes) {
  const NoGrad no_grad;
  if (std::isinf(p)) return amin(abs(x), axes, true);
  if (p == 0) return cast(sum(x != 0, axes, true), x.dtype());
  return pow(sum(pow(abs(x), p), axes, true), 1 / p);
}

/// The derivative of the norm `y` (of size 1 in the reduced axes); 0 where y or the element is.
Tensor norm_slope(const Tensor& x, const Tensor& y, double p, const Dims& axes) {
  if (p == 1) return sign(x);
  if (p == 2) return x / where(y == 0, 1, y);
  if (p == 0) return zeros_like(x);
  if (!std::isinf(p)) {
    // Powers of zeros would be infinite on the way back of this.
    const Tensor of_x = where(x == 0, 0, pow(where(x == 0, 1, abs(x)), p - 1));
    return sign(x) * of_x * where(y == 0, 0, pow(where(y == 0, 1, y), 1 - p));
  }
  const Tensor chosen = abs(x) == y;
  return where(chosen, sign(x) / sum(cast(chosen, x.dtype()), axes, true), 0);
}

}  // namespace

Tensor norm(const Tensor& x, double p, const Dims& axes, bool keep) {
  internal::check_floating("norm", x);
  // Squares leave the range of f16 long before their root does.
  if (x.dtype() == DType::f16) return cast(norm(cast(x, DType::f32), p, axes, keep), x.dtype());
  const bool largest = p == std::numeric_limits<double>::infinity();
  const ReducedShape r = internal::reduced_shape("norm", x, axes);
  if (p < 0) internal::check_not_empty("norm", x, r);
  Tensor y;
  if (p == 1 || p == 2 || largest) {
    const auto what = largest  ? kernels::Reduce::max_abs
                      : p == 1 ? kernels::Reduce::sum_abs
                               : kernels::Reduce::sum_squares;
    y = empty(r.kept, x.dtype(), x.device());
    on_cpu("norm", x, [&](Cpu cpu) { kernels::reduce(cpu, what, x, y); });
    const NoGrad no_grad;
    if (p == 2) y = sqrt(y);
  } else {
    y = general_norm(x, p, axes);
  }
  if (!keep) y = with_shape(y, r.dropped);
  return record(
      "norm", {x}, y,
      [x = save(x), y = save_output(y), p, axes, kept = r.kept](const Tensor& dy, Needs) -> Grads {
        const Tensor value = reshape(y.get(), kept);
        return {norm_slope(x.get(), value, p, axes) * reshape(dy, kept)};
      });
}

namespace {

Tensor test(const char* op, bool all, const Tensor& x, const Dims& axes, bool keep) {
  const ReducedShape r = internal::reduced_shape(op, x, axes);
  const Tensor truth = x.dtype() == DType::boolean ? x : x != 0;
  Tensor y = empty(r.kept, DType::boolean, x.device(), op);
  if (r.count == 0) y = full(r.kept, all, DType::boolean, x.device());
  const auto what = all ? kernels::Reduce::min : kernels::Reduce::max;
  if (r.count) on_cpu(op, x, [&](Cpu cpu) { kernels::reduce(cpu, what, truth, y); });
  return keep ? y : with_shape(y, r.dropped);
}

}  // namespace

Tensor any(const Tensor& x, const Dims& axes, bool keep) {
  return test("any", false, x, axes, keep);
}
Tensor all(const Tensor& x, const Dims& axes, bool keep) {
  return test("all", true, x, axes, keep);
}

Tensor cumsum(const Tensor& x, int axis, bool reverse) {
  axis = normalize_axis("cumsum", axis, x.rank());
  Tensor y = empty(x.shape(), is_floating(x.dtype()) ? x.dtype() : DType::i64, x.device());
  on_cpu("cumsum", x, [&](Cpu cpu) { kernels::cumsum(cpu, x, axis, reverse, y); });
  return record("cumsum", {x}, y, [axis, reverse](const Tensor& dy, Needs) -> Grads {
    return {cumsum(dy, axis, !reverse)};
  });
}

Tensor logcumsumexp(const Tensor& x, int axis) {
  internal::check_floating("logcumsumexp", x);
  axis = normalize_axis("logcumsumexp", axis, x.rank());
  if (size_of(x.dtype()) < 4) return cast(logcumsumexp(cast(x, DType::f32), axis), x.dtype());
  if (x.rank() == 0 || x.numel() == 0) return copy(x);
  // The sums are those of e^(x - top), with the largest so far as top: as that rises, what has been
  // summed shrinks.
  Tensor top, shrink;
  {
    const NoGrad no_grad;
    const Tensor most = cummax(x, axis).values;
    top = where(isfinite(most), most, 0);
    const int64_t last = x.size(axis) - 1;
    const auto before = [&](const Tensor& t) {
      return concat({slice(t, axis, 0, 1), slice(t, axis, 0, last)}, axis);
    };
    const Tensor nothing = before(most) == -std::numeric_limits<double>::infinity();
    shrink = where(nothing, 0, exp(before(top) - top));
  }
  return top + log(linear_recurrence(shrink, exp(x - top), axis));
}

Tensor diff(const Tensor& x, int64_t n, int axis) {
  if (n < 0) throw ValueError("diff", fmt::format("n must not be negative, got {}", n));
  if (x.rank() == 0) throw ShapeError("diff", "a scalar has no neighbours");
  axis = normalize_axis("diff", axis, x.rank());
  Tensor y = n == 0 ? copy(x) : x;
  for (; n > 0 && y.size(axis) > 0; --n) {
    const Tensor after = slice(y, axis, 1), before = slice(y, axis, 0, y.size(axis) - 1);
    y = x.dtype() == DType::boolean ? after != before : after - before;
  }
  return y;
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  Dims axes;
  const int added = x.rank() - shape.rank();
  for (int i = 0; i < x.rank(); ++i) {
    if (i < added || (shape[i - added] == 1 && x.shape()[i] != 1)) axes.push_back(i);
  }
  return axes.empty() ? reshape(x, shape) : reshape(sum(x, axes, true), shape);
}

}  // namespace strata
