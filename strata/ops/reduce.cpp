#include "strata/ops/reduce.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/reduce.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// x's shape with size 1 in the reduced axes.
Shape kept_shape(const char* op, const Tensor& x, const Dims& axes) {
  Shape shape = x.shape();
  if (axes.empty()) return Dims::filled(x.rank(), 1);
  for (int64_t axis : axes) {
    const int i = normalize_axis(op, axis, x.rank());
    if (x.rank()) shape[i] = 1;
  }
  return shape;
}

Shape without_axes(const Tensor& x, const Dims& axes) {
  Dims gone = Dims::filled(x.rank(), axes.empty());
  for (int64_t axis : axes) {
    if (x.rank()) gone[normalize_axis("sum", axis, x.rank())] = 1;
  }
  Shape shape;
  for (int i = 0; i < x.rank(); ++i) {
    if (!gone[i]) shape.push_back(x.shape()[i]);
  }
  return shape;
}

}  // namespace

Tensor sum(const Tensor& x, const Dims& axes, bool keep) {
  const Shape kept = kept_shape("sum", x, axes);
  Tensor y = empty(kept, is_floating(x.dtype()) ? x.dtype() : DType::i64, x.device());
  on_cpu("sum", x, [&](Cpu cpu) { kernels::sum(cpu, x, y); });
  y = record("sum", {x}, y,
             [shape = x.shape()](const Tensor& dy, Needs) -> Grads { return {expand(dy, shape)}; });
  return keep ? y : reshape(y, without_axes(x, axes));
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
