#include "strata/ops/reduce.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/reduce.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
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
