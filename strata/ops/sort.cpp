#include "strata/ops/sort.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/sort.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

Tensor order_of(const char* op, const Tensor& x, int axis, bool descending) {
  axis = normalize_axis(op, axis, x.rank());
  Tensor order = empty(x.shape(), DType::i64, x.device(), op);
  if (x.rank() == 0) {
    on_cpu(op, x, [&](Cpu) { *order.data<int64_t>() = 0; });
    return order;
  }
  on_cpu(op, x, [&](Cpu cpu) { kernels::argsort(cpu, descending, x, axis, order); });
  return order;
}

Tensor search(const char* op, const Tensor& sorted, const Tensor& values, bool right) {
  if (sorted.device() != values.device()) {
    throw DeviceError(op, fmt::format("tensors on different devices: {} and {}",
                                      to_string(sorted.device()), to_string(values.device())));
  }
  if (sorted.dtype() != values.dtype()) {
    throw DTypeError(op, fmt::format("{} among {}", describe(values), describe(sorted)),
                     "cast one of them");
  }
  bool fits = sorted.rank() == 1 || (sorted.rank() > 1 && sorted.rank() == values.rank());
  for (int i = 0; fits && i < sorted.rank() - 1; ++i) {
    fits = sorted.shape()[i] == values.shape()[i];
  }
  if (!fits) {
    throw ShapeError(op, fmt::format("{} has neither one row nor one for each of {}",
                                     describe(sorted), describe(values)));
  }
  const DType t = values.dtype() == DType::f64  ? DType::f64
                  : is_floating(values.dtype()) ? DType::f32
                                                : DType::i64;
  const Tensor numbers = contiguous(cast(sorted.detach(), t));
  const Tensor wanted = contiguous(cast(values.detach(), t));
  Tensor y = empty(values.shape(), DType::i64, values.device(), op);
  on_cpu(op, y, [&](Cpu cpu) { kernels::searchsorted(cpu, right, numbers, wanted, y); });
  return y;
}

}  // namespace

Sorted sort(const Tensor& x, int axis, bool descending) {
  const Tensor order = order_of("sort", x, axis, descending);
  return {gather(x, axis, order), order};
}

Tensor argsort(const Tensor& x, int axis, bool descending) {
  return order_of("argsort", x, axis, descending);
}

Unique unique(const Tensor& x) {
  if (x.is_meta()) throw DeviceError("unique", "the shape depends on values, which meta lacks");
  const NoGrad no_grad;
  const Sorted all = sort(flatten(x));
  const int64_t n = x.numel();
  if (n == 0) {
    return {all.values, empty(x.shape(), DType::i64), empty({0}, DType::i64)};
  }
  // The number of the value that each sorted element has: one more wherever it changes.
  const Tensor changes = ne(slice(all.values, 0, 1), slice(all.values, 0, 0, n - 1));
  const Tensor number = concat({zeros({1}, DType::i64), cumsum(changes, 0)});
  const int64_t count = select(number, 0, -1).item<int64_t>() + 1;
  const Tensor none = zeros({count}, DType::i64);
  return {scatter(zeros({count}, x.dtype()), 0, number, all.values),
          reshape(scatter(zeros({n}, DType::i64), 0, all.indices, number), x.shape()),
          scatter_add(none, 0, number, ones({n}, DType::i64))};
}

Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right) {
  return search("searchsorted", sorted, values, right);
}

Tensor bucketize(const Tensor& x, const Tensor& boundaries, bool right) {
  if (boundaries.rank() != 1) {
    throw ShapeError("bucketize", fmt::format("boundaries must be one-dimensional, got {}",
                                              describe(boundaries)));
  }
  return search("bucketize", boundaries, x, right);
}

}  // namespace strata
