#include "strata/ops/copy.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/copy.h"
#include "strata/ops/axes.h"
#include "strata/ops/creation.h"
#include "strata/ops/operand.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// Whether writing x (or a number, undefined) over `into` is a step of the tape.
bool wants_record(const Tensor& into, const Tensor& x = {}) {
  return grad_enabled() && is_floating(into.dtype()) && (into.requires_grad() || x.requires_grad());
}

/// What a recorded write must find, before anything is written.
void check_recordable(const char* op, const Tensor& into) {
  internal::check_owned(op, into, "write inside a NoGrad scope",
                        "x = select_scatter(x, y, 0, 1) records x[1] = y; slice_scatter, "
                        "index_put, masked_fill and where write elsewhere; stack(parts) joins "
                        "what a loop makes. For values alone: a NoGrad scope, or y.detach()");
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

void internal::check_owned(const char* op, const Tensor& x, const std::string& of_leaf,
                           const std::string& of_shared) {
  if (x.requires_grad() && x.node()->is_leaf()) {
    throw GradError(op, describe(x) + " is a leaf that requires a gradient", of_leaf);
  }
  // A handle may also be what an op saved: one that leads to x's new node would be a cycle.
  if (x.owns_memory()) return;
  throw GradError(op,
                  describe(x) + " is a view, or other tensors or a recorded op share its memory",
                  of_shared);
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
  const char* op = "copy_";
  internal::check_elements_apart(op, into);
  const bool recorded = wants_record(into, x);
  if (recorded) check_recordable(op, into);
  // Without a gradient, what goes to the meta device goes nowhere.
  if (recorded || !into.is_meta()) internal::check_same_device(op, into, x);
  {
    const NoGrad no_grad;
    // The kernel reads and writes in any order: what it reads must not change meanwhile.
    const Tensor source = expand(x.shares_storage(into) ? copy(x) : x, into.shape());
    on_cpu(op, into, [&](Cpu cpu) { kernels::copy(cpu, source, into); });
  }
  into.bump_version();
  if (!recorded) return;
  // The only handle on its tensor: seen as widely as a new node of it would be.
  into = record(op, {into, x}, into.detach(),
                [to_x = FitGradient(x)](const Tensor& dy, Needs needs) -> Grads {
                  return {needs[0] ? zeros_like(dy) : Tensor(), needs[1] ? to_x(dy) : Tensor()};
                });
}

void fill_(Tensor& into, double value) {
  const char* op = "fill_";
  internal::check_elements_apart(op, into);
  const bool recorded = wants_record(into);
  if (recorded) check_recordable(op, into);
  on_cpu(op, into, [&](Cpu cpu) { kernels::fill(cpu, value, into); });
  into.bump_version();
  if (!recorded) return;
  into = record(op, {into}, into.detach(),
                [](const Tensor& dy, Needs) -> Grads { return {zeros_like(dy)}; });
}

}  // namespace strata
