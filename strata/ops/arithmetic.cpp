#include "strata/ops/arithmetic.h"

#include "strata/base/error.h"
#include "strata/kernels/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

template <class Kernel>
Tensor broadcast(const char* op, const Operands& in, Kernel kernel) {
  Tensor y = empty(in.shape, in.dtype, in.a.device(), op);
  on_cpu(op, y, [&](Cpu cpu) { kernel(cpu, in.a, in.b, y); });
  return y;
}

/// Keeps `t` only where the gradient of `other` will ask for it.
Saved save_for(const Tensor& other, const Tensor& t) {
  return other.requires_grad() ? save(t) : Saved();
}

/// 1 where the gradient of maximum(a, b) goes to a, 1/2 where they are equal, else 0.
Tensor share(const Tensor& a, const Tensor& b) {
  return broadcast("maximum", operands("maximum", a, b), kernels::share);
}

}  // namespace

void internal::check_no_bools(const char* op, DType result) {
  if (result != DType::boolean) return;
  throw DTypeError(op, "bools cannot be subtracted", "a ^ b is their exclusive or");
}

Tensor add(const Operand& a, const Operand& b) {
  const Operands in = operands("add", a, b);
  return record(
      "add", {in.a, in.b}, broadcast("add", in, kernels::add),
      [to_a = FitGradient(in.a), to_b = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
        return {needs[0] ? to_a(dy) : Tensor(), needs[1] ? to_b(dy) : Tensor()};
      });
}

Tensor sub(const Operand& a, const Operand& b) {
  const Operands in = operands("sub", a, b);
  internal::check_no_bools("sub", in.dtype);
  return record(
      "sub", {in.a, in.b}, broadcast("sub", in, kernels::sub),
      [to_a = FitGradient(in.a), to_b = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
        return {needs[0] ? to_a(dy) : Tensor(), needs[1] ? to_b(-dy) : Tensor()};
      });
}

Tensor mul(const Operand& a, const Operand& b) {
  const Operands in = operands("mul", a, b);
  return record(
      "mul", {in.a, in.b}, broadcast("mul", in, kernels::mul),
      [a = save_for(in.b, in.a), b = save_for(in.a, in.b), to_a = FitGradient(in.a),
       to_b = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
        return {needs[0] ? to_a(dy * b.get()) : Tensor(), needs[1] ? to_b(dy * a.get()) : Tensor()};
      });
}

Tensor div(const Operand& a, const Operand& b) {
  DType dtype = result_type(a, b);
  if (!is_floating(dtype)) dtype = DType::f32;
  const Operands in = operands("div", a, b, dtype);
  Tensor y = broadcast("div", in, kernels::div);
  return record(
      "div", {in.a, in.b}, y,
      [b = save(in.b), y = in.b.requires_grad() ? save_output(y) : SavedOutput(),
       to_a = FitGradient(in.a), to_b = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
        const Tensor by = b.get();
        return {needs[0] ? to_a(dy / by) : Tensor(),
                needs[1] ? to_b(-(dy * (y.get() / by))) : Tensor()};
      });
}

namespace {

/// The powers that have a cheaper form; undefined for others.
Tensor simple_power(const Tensor& x, double exponent) {
  if (exponent == 2) return square(x);
  if (exponent == 3 && size_of(x.dtype()) >= 4) return square(x) * x;  // halves round once only
  if (exponent == 0.5) return sqrt(x);
  if (exponent == -0.5) return rsqrt(x);
  if (exponent == -1) return reciprocal(x);
  return {};
}

Tensor power_to_number(const Tensor& x, const Operands& in, double exponent) {
  return record("pow", {x}, broadcast("pow", in, kernels::pow),
                [x = save(x), exponent](const Tensor& dy, Needs) -> Grads {
                  if (exponent == 0) return {zeros_like(dy)};
                  return {dy * (exponent * pow(x.get(), exponent - 1))};
                });
}

}  // namespace

Tensor pow(const Operand& a, const Operand& b) {
  const Operands in = operands("pow", a, b);
  if (!b.is_tensor()) {
    const double exponent = b.number().real();
    if (!is_floating(in.dtype) && exponent < 0) {
      throw ValueError("pow", "integers have no negative integer powers",
                       "cast the tensor to f32 first");
    }
    if (in.dtype == in.a.dtype()) {
      const Tensor y = simple_power(in.a, exponent);
      return y.defined() ? y : power_to_number(in.a, in, exponent);
    }
  }
  Tensor y = broadcast("pow", in, kernels::pow);
  return record(
      "pow", {in.a, in.b}, y,
      [a = save(in.a), b = save(in.b), y = in.b.requires_grad() ? save_output(y) : SavedOutput(),
       to_a = FitGradient(in.a), to_b = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
        const Tensor x = a.get(), e = b.get();
        Grads grads(2);
        // 0 * inf would be NaN where the exponent, or its base, is 0.
        if (needs[0]) grads[0] = to_a(where(e == 0, 0, dy * (e * pow(x, e - 1))));
        if (needs[1]) {
          const Tensor flat = logical_and(x == 0, e >= 0);
          grads[1] = to_b(dy * where(flat, 0, y.get() * log(x)));
        }
        return grads;
      });
}

Tensor maximum(const Operand& a, const Operand& b) {
  const Operands in = operands("maximum", a, b);
  return record("maximum", {in.a, in.b}, broadcast("maximum", in, kernels::maximum),
                [a = save(in.a), b = save(in.b), to_a = FitGradient(in.a),
                 to_b = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
                  return {needs[0] ? to_a(dy * share(a.get(), b.get())) : Tensor(),
                          needs[1] ? to_b(dy * share(b.get(), a.get())) : Tensor()};
                });
}

Tensor minimum(const Operand& a, const Operand& b) {
  const Operands in = operands("minimum", a, b);
  return record("minimum", {in.a, in.b}, broadcast("minimum", in, kernels::minimum),
                [a = save(in.a), b = save(in.b), to_a = FitGradient(in.a),
                 to_b = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
                  return {needs[0] ? to_a(dy * share(b.get(), a.get())) : Tensor(),
                          needs[1] ? to_b(dy * share(a.get(), b.get())) : Tensor()};
                });
}

Tensor operator-(const Tensor& x) { return neg(x); }

}  // namespace strata
