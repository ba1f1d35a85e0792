#include "strata/ops/copy.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/copy.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

void check_writable(const char* op, const Tensor& into) {
  internal::check_elements_apart(op, into);
  if (!grad_enabled() || !into.requires_grad()) return;
  throw GradError(
      op, describe(into) + " takes part in a recorded graph",
      "masked_fill, where and index_put record what they change; for values alone: inside "
      "a NoGrad scope, or into a copy");
}

}  // namespace

void internal::check_elements_apart(const char* op, const Tensor& into) {
  for (int i = 0; i < into.rank() && into.numel() > 0; ++i) {
    if (into.strides()[i] != 0 || into.shape()[i] == 1) continue;
    throw ShapeError(
        op,
        fmt::format("several elements of {} lie in one place, along axis {}", describe(into), i),
        "write into a copy() of it");
  }
}

Tensor internal::widened(const Tensor& t) {
  return t.dtype() == DType::f64 ? t : cast(t, DType::f32);
}

Tensor copy(const Tensor& x) {
  Tensor y = empty_like(x);
  on_cpu("copy", x, [&](Cpu cpu) { kernels::copy(cpu, x, y); });
  return record("copy", {x}, y, [](const Tensor& dy, Needs) -> Grads { return {dy}; });
}

Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : copy(x); }

Tensor cast(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  Tensor y = empty(x.shape(), dtype, x.device());
  on_cpu("cast", x, [&](Cpu cpu) { kernels::copy(cpu, x, y); });
  if (!is_floating(dtype)) return y;
  return record("cast", {x}, y,
                [from = x.dtype()](const Tensor& dy, Needs) -> Grads { return {cast(dy, from)}; });
}

void copy_(Tensor& into, const Tensor& x) {
  check_writable("copy_", into);
  if (grad_enabled() && x.requires_grad()) {
    throw GradError("copy_", "the gradient of " + describe(x) + " would be lost",
                    "stack, concat and index_put record what they write; for values alone: its "
                    "detach()");
  }
  const NoGrad no_grad;
  // The kernel reads and writes in any order: what it reads must not change meanwhile.
  const Tensor source = expand(x.shares_storage(into) ? copy(x) : x, into.shape());
  on_cpu("copy_", into, [&](Cpu cpu) { kernels::copy(cpu, source, into); });
  into.bump_version();
}

void fill_(Tensor& into, double value) {
  check_writable("fill_", into);
  on_cpu("fill_", into, [&](Cpu cpu) { kernels::fill(cpu, value, into); });
  into.bump_version();
}

}  // namespace strata
