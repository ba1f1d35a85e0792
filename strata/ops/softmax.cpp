#include "strata/ops/softmax.h"

#include "strata/kernels/softmax.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// y (dy - sum(y dy)).
Tensor softmax_grad(const Tensor& y, const Tensor& dy, int axis) {
  if (grad_enabled()) return y * (dy - sum(y * dy, {axis}, true));
  Tensor dx = empty_like(y);
  on_cpu("softmax", y, [&](Cpu cpu) { kernels::softmax_grad(cpu, y, dy, axis, dx); });
  return dx;
}

/// dy - e^y sum(dy).
Tensor log_softmax_grad(const Tensor& y, const Tensor& dy, int axis) {
  if (grad_enabled()) return dy - exp(y) * sum(dy, {axis}, true);
  Tensor dx = empty_like(y);
  on_cpu("log_softmax", y, [&](Cpu cpu) { kernels::log_softmax_grad(cpu, y, dy, axis, dx); });
  return dx;
}

}  // namespace

Tensor softmax(const Tensor& x, int axis) {
  internal::check_floating("softmax", x);
  axis = normalize_axis("softmax", axis, x.rank());
  if (x.rank() == 0) return reshape(softmax(reshape(x, {1})), {});
  if (x.dtype() == DType::f16) return cast(softmax(cast(x, DType::f32), axis), DType::f16);
  Tensor y = empty_like(x);
  on_cpu("softmax", x, [&](Cpu cpu) { kernels::softmax(cpu, x, axis, y); });
  return record("softmax", {x}, y, [y = save_output(y), axis](const Tensor& dy, Needs) -> Grads {
    return {softmax_grad(y.get(), dy, axis)};
  });
}

Tensor log_softmax(const Tensor& x, int axis) {
  internal::check_floating("log_softmax", x);
  axis = normalize_axis("log_softmax", axis, x.rank());
  if (x.rank() == 0) return reshape(log_softmax(reshape(x, {1})), {});
  if (x.dtype() == DType::f16) return cast(log_softmax(cast(x, DType::f32), axis), DType::f16);
  Tensor y = empty_like(x);
  on_cpu("log_softmax", x, [&](Cpu cpu) { kernels::log_softmax(cpu, x, axis, y); });
  return record("log_softmax", {x}, y,
                [y = save_output(y), axis](const Tensor& dy, Needs) -> Grads {
                  return {log_softmax_grad(y.get(), dy, axis)};
                });
}

}  // namespace strata
