#include "strata/ops/scans.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/scans.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// x one step later (earlier) along `axis`, zeros coming in.
Tensor shifted(const Tensor& x, int axis, bool later) {
  const int64_t n = x.size(axis);
  if (n == 0) return x;
  Shape one = x.shape();
  one[axis] = 1;
  const Tensor zero = zeros(one, x.dtype(), x.device());
  return later ? concat({zero, slice(x, axis, 0, n - 1)}, axis)
               : concat({slice(x, axis, 1), zero}, axis);
}

/// True at position 0 along `axis`, as a shape that broadcasts to x's.
Tensor at_begin(const Tensor& x, int axis) {
  Shape shape = Shape::filled(x.rank(), 1);
  shape[axis] = x.size(axis);
  const Tensor position = arange(0, static_cast<double>(x.size(axis)), 1, DType::i64, x.device());
  return reshape(position, shape) == 0;
}

Extremes running_extreme(const char* op, bool largest, const Tensor& x, int axis) {
  axis = normalize_axis(op, axis, x.rank());
  if (x.rank() == 0) {
    const Extremes e = running_extreme(op, largest, reshape(x, {1}), 0);
    return {reshape(e.values, {}), reshape(e.indices, {})};
  }
  Extremes e{empty(x.shape(), x.dtype(), x.device(), op),
             empty(x.shape(), DType::i64, x.device(), op)};
  on_cpu(op, x,
         [&](Cpu cpu) { kernels::running_extreme(cpu, largest, x, axis, e.values, e.indices); });
  e.values =
      record(op, {x}, e.values, [axis, at = save(e.indices)](const Tensor& dy, Needs) -> Grads {
        return {scatter_add(zeros_like(dy), axis, at.get(), dy)};
      });
  return e;
}

}  // namespace

Tensor linear_recurrence(const Tensor& factor, const Tensor& x, int axis, bool reverse) {
  if (factor.shape() != x.shape()) {
    throw ShapeError("linear_recurrence", fmt::format("factor {} does not have the shape of x {}",
                                                      describe(factor), describe(x)));
  }
  if (factor.dtype() != x.dtype() || x.dtype() == DType::boolean) {
    throw DTypeError("linear_recurrence", fmt::format("factor {} and x {} must be numbers of one "
                                                      "dtype",
                                                      describe(factor), describe(x)));
  }
  axis = normalize_axis("linear_recurrence", axis, x.rank());
  const DType computed = !is_floating(x.dtype())   ? DType::i64
                         : x.dtype() == DType::f64 ? DType::f64
                                                   : DType::f32;
  if (x.dtype() != computed) {
    return cast(linear_recurrence(cast(factor, computed), cast(x, computed), axis, reverse),
                x.dtype());
  }
  if (x.rank() == 0) return copy(x);
  Tensor y = empty(x.shape(), x.dtype(), x.device());
  on_cpu("linear_recurrence", x,
         [&](Cpu cpu) { kernels::linear_recurrence(cpu, factor, x, axis, reverse, y); });
  return record("linear_recurrence", {factor, x}, y,
                [factor = save(factor), y = save_output(y), axis, reverse](const Tensor& dy,
                                                                           Needs needs) -> Grads {
                  // What y[k] does to y[k + 1] it does through the next factor.
                  const Tensor next = shifted(factor.get(), axis, reverse);
                  const Tensor dx = linear_recurrence(next, dy, axis, !reverse);
                  if (!needs[0]) return {Tensor(), dx};
                  return {dx * shifted(y.get(), axis, !reverse), dx};
                });
}

Tensor cumprod(const Tensor& x, int axis) {
  axis = normalize_axis("cumprod", axis, x.rank());
  if (!is_floating(x.dtype()) && x.dtype() != DType::i64) return cumprod(cast(x, DType::i64), axis);
  if (x.rank() == 0) return copy(x);
  return linear_recurrence(x, where(at_begin(x, axis), x, 0), axis);
}

Tensor prod(const Tensor& x, const Dims& axes, bool keep) {
  const internal::ReducedShape r = internal::reduced_shape("prod", x, axes);
  Dims order;
  for (const bool reduced : {false, true}) {
    for (int i = 0; i < x.rank(); ++i) {
      if ((r.kept[i] != x.shape()[i]) == reduced) order.push_back(i);
    }
  }
  const Tensor lines = reshape(permute(x, order), {r.count ? numel(r.kept) : 0, r.count});
  const Shape& shape = keep ? r.kept : r.dropped;
  const DType dtype = is_floating(x.dtype()) ? x.dtype() : DType::i64;
  if (r.count == 0) return cast(sum(x, axes, keep), dtype) + 1;
  return reshape(select(cumprod(lines, 1), 1, r.count - 1), shape);
}

Extremes cummax(const Tensor& x, int axis) { return running_extreme("cummax", true, x, axis); }
Extremes cummin(const Tensor& x, int axis) { return running_extreme("cummin", false, x, axis); }

}  // namespace strata
