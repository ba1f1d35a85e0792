#include "strata/ops/extremes.h"

#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/extremes.h"
#include "strata/kernels/reduce.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// Along `axis`, which stays unless `keep` is false; without a gradient.
Extremes extreme(const char* op, bool largest, const Tensor& x, int axis, bool keep) {
  if (x.rank() == 0) {
    const Extremes e = extreme(op, largest, internal::with_shape(x, {1}), axis, true);
    return {internal::with_shape(e.values, {}), internal::with_shape(e.indices, {})};
  }
  axis = normalize_axis(op, axis, x.rank());
  const internal::ReducedShape r = internal::reduced_shape(op, x, {axis});
  internal::check_not_empty(op, x, r);
  Extremes e{empty(r.kept, x.dtype(), x.device(), op), empty(r.kept, DType::i64, x.device(), op)};
  on_cpu(op, x, [&](Cpu cpu) { kernels::extreme(cpu, largest, x, axis, e.values, e.indices); });
  if (keep) return e;
  return {internal::with_shape(e.values, r.dropped), internal::with_shape(e.indices, r.dropped)};
}

/// Ties `values`, found at `indices` along `axis`, to x.
Extremes recorded(const char* op, const Tensor& x, int axis, bool keep, Extremes found) {
  found.values = record(
      op, {x}, found.values,
      [=, indices = save(found.indices), shape = x.shape()](const Tensor& dy, Needs) -> Grads {
        Tensor at = indices.get(), g = dy;
        if (!keep) {
          at = unsqueeze(at, axis);
          g = unsqueeze(g, axis);
        }
        return {scatter_add(zeros(shape, g.dtype(), g.device()), axis, at, g)};
      });
  return found;
}

Extremes along_axis(const char* op, bool largest, const Tensor& x, int axis, bool keep) {
  axis = normalize_axis(op, axis, x.rank());
  if (x.rank() == 0) {
    const Extremes e = along_axis(op, largest, reshape(x, {1}), 0, true);
    return {reshape(e.values, {}), reshape(e.indices, {})};
  }
  return recorded(op, x, axis, keep, extreme(op, largest, x, axis, keep));
}

/// Over axes, which stay unless `keep` is false; without a gradient.
Tensor reduced(const char* op, kernels::Reduce what, const Tensor& x,
               const internal::ReducedShape& r, bool keep) {
  internal::check_not_empty(op, x, r);
  Tensor y = empty(r.kept, x.dtype(), x.device(), op);
  on_cpu(op, x, [&](Cpu cpu) { kernels::reduce(cpu, what, x, y); });
  return keep ? y : internal::with_shape(y, r.dropped);
}

/// dy shared evenly by the elements that are the `best` over `axes`: NaN for all where none is.
Tensor shared(const Tensor& dy, const Tensor& best, const Dims& axes) {
  const Tensor weights = cast(best, dy.dtype());
  return weights * (dy / sum(weights, axes, true));
}

Tensor over_axes(const char* op, kernels::Reduce what, const Tensor& x, const Dims& axes,
                 bool keep) {
  const internal::ReducedShape r = internal::reduced_shape(op, x, axes);
  const Tensor y = reduced(op, what, x, r, keep);
  return record(
      op, {x}, y,
      [x = save(x), y = save_output(y), axes, kept = r.kept](const Tensor& dy, Needs) -> Grads {
        return {shared(reshape(dy, kept), x.get() == reshape(y.get(), kept), axes)};
      });
}

Tensor over_all(const char* op, kernels::Reduce what, const Tensor& x) {
  const internal::ReducedShape r = internal::reduced_shape(op, x, {});
  return internal::record_shared(op, x, reduced(op, what, x, r, false));
}

Tensor flat(const Tensor& x) {
  const NoGrad no_grad;
  return reshape(x, {-1});
}

}  // namespace

Tensor amax(const Tensor& x, const Dims& axes, bool keep) {
  return over_axes("amax", kernels::Reduce::max, x, axes, keep);
}
Tensor amin(const Tensor& x, const Dims& axes, bool keep) {
  return over_axes("amin", kernels::Reduce::min, x, axes, keep);
}

Tensor max(const Tensor& x) { return over_all("max", kernels::Reduce::max, x); }
Tensor min(const Tensor& x) { return over_all("min", kernels::Reduce::min, x); }

Extremes max(const Tensor& x, int axis, bool keep) {
  return along_axis("max", true, x, axis, keep);
}
Extremes min(const Tensor& x, int axis, bool keep) {
  return along_axis("min", false, x, axis, keep);
}

Extremes topk(const Tensor& x, int64_t k, int axis, bool largest) {
  axis = normalize_axis("topk", axis, x.rank());
  if (x.rank() == 0) {
    const Extremes e = topk(reshape(x, {1}), k, 0, largest);
    return k == 1 ? Extremes{reshape(e.values, {}), reshape(e.indices, {})} : e;
  }
  if (k < 0 || k > x.shape()[axis]) {
    throw ValueError("topk", fmt::format("k is {}, but axis {} of {} has {} elements", k, axis,
                                         describe(x), x.shape()[axis]));
  }
  Shape shape = x.shape();
  shape[axis] = k;
  Extremes e{empty(shape, x.dtype(), x.device()), empty(shape, DType::i64, x.device())};
  on_cpu("topk", x, [&](Cpu cpu) { kernels::topk(cpu, largest, x, axis, e.values, e.indices); });
  return recorded("topk", x, axis, true, std::move(e));
}

Tensor argmax(const Tensor& x, int axis, bool keep) {
  return extreme("argmax", true, x, axis, keep).indices;
}
Tensor argmin(const Tensor& x, int axis, bool keep) {
  return extreme("argmin", false, x, axis, keep).indices;
}
Tensor argmax(const Tensor& x) { return extreme("argmax", true, flat(x), 0, false).indices; }
Tensor argmin(const Tensor& x) { return extreme("argmin", false, flat(x), 0, false).indices; }

Tensor internal::record_shared(const char* op, const Tensor& x, const Tensor& value) {
  return record(op, {x}, value,
                [x = save(x), y = save_output(value)](const Tensor& dy, Needs) -> Grads {
                  const Tensor from = x.get(), best = y.get();
                  const Tensor both_nan = logical_and(isnan(from), isnan(best));
                  return {shared(dy, logical_or(from == best, both_nan), {})};
                });
}

}  // namespace strata
