#include "strata/ops/unary.h"

#include <numbers>

#include "strata/base/error.h"
#include "strata/kernels/unary.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using Kernel = void (*)(Cpu, const Tensor&, Tensor&);

/// y = kernel(x), f32 for integers.
Tensor floating(const char* op, const Tensor& x, Kernel kernel) {
  Tensor y = empty(x.shape(), is_floating(x.dtype()) ? x.dtype() : DType::f32, x.device(), op);
  on_cpu(op, x, [&](Cpu cpu) { kernel(cpu, x, y); });
  return y;
}

/// y = kernel(x), of x's dtype.
Tensor same_dtype(const char* op, const Tensor& x, Kernel kernel) {
  if (x.dtype() == DType::boolean) throw DTypeError(op, "takes numbers, got " + describe(x));
  Tensor y = empty_like(x, op);
  on_cpu(op, x, [&](Cpu cpu) { kernel(cpu, x, y); });
  return y;
}

/// A function that is flat wherever it is smooth.
Tensor step_function(const char* op, const Tensor& x, Kernel kernel) {
  return record(op, {x}, same_dtype(op, x, kernel),
                [](const Tensor& dy, Needs) -> Grads { return {zeros_like(dy)}; });
}

Tensor rounding(const char* op, const Tensor& x, Kernel kernel) {
  return is_integral(x.dtype()) ? x : step_function(op, x, kernel);
}

}  // namespace

Tensor exp(const Tensor& x) {
  Tensor y = floating("exp", x, kernels::exp);
  return record("exp", {x}, y,
                [y = save_output(y)](const Tensor& dy, Needs) -> Grads { return {dy * y.get()}; });
}

Tensor expm1(const Tensor& x) {
  Tensor y = floating("expm1", x, kernels::expm1);
  return record("expm1", {x}, y, [y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    return {dy * (y.get() + 1)};
  });
}

Tensor log(const Tensor& x) {
  return record("log", {x}, floating("log", x, kernels::log),
                [x = save(x)](const Tensor& dy, Needs) -> Grads { return {dy / x.get()}; });
}

Tensor log1p(const Tensor& x) {
  return record("log1p", {x}, floating("log1p", x, kernels::log1p),
                [x = save(x)](const Tensor& dy, Needs) -> Grads { return {dy / (x.get() + 1)}; });
}

Tensor sqrt(const Tensor& x) {
  Tensor y = floating("sqrt", x, kernels::sqrt);
  return record("sqrt", {x}, y, [y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    return {dy / (2 * y.get())};
  });
}

Tensor rsqrt(const Tensor& x) {
  Tensor y = floating("rsqrt", x, kernels::rsqrt);
  return record("rsqrt", {x}, y, [y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    return {dy * (-0.5 * pow(y.get(), 3))};
  });
}

Tensor reciprocal(const Tensor& x) {
  Tensor y = floating("reciprocal", x, kernels::reciprocal);
  return record("reciprocal", {x}, y, [y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    return {-(dy * square(y.get()))};
  });
}

Tensor sin(const Tensor& x) {
  return record("sin", {x}, floating("sin", x, kernels::sin),
                [x = save(x)](const Tensor& dy, Needs) -> Grads { return {dy * cos(x.get())}; });
}

Tensor cos(const Tensor& x) {
  return record("cos", {x}, floating("cos", x, kernels::cos),
                [x = save(x)](const Tensor& dy, Needs) -> Grads { return {-(dy * sin(x.get()))}; });
}

Tensor tanh(const Tensor& x) {
  Tensor y = floating("tanh", x, kernels::tanh);
  return record("tanh", {x}, y, [y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    const Tensor t = y.get();
    if (grad_enabled()) return {dy * (1 - square(t))};
    Tensor dx = empty_like(dy, "tanh");
    on_cpu("tanh", dy, [&](Cpu cpu) { kernels::tanh_backward(cpu, dy, t, dx); });
    return {dx};
  });
}

Tensor erf(const Tensor& x) {
  return record("erf", {x}, floating("erf", x, kernels::erf),
                [x = save(x)](const Tensor& dy, Needs) -> Grads {
                  constexpr double kSlope = 2 * std::numbers::inv_sqrtpi;
                  return {dy * (kSlope * exp(-square(x.get())))};
                });
}

Tensor neg(const Tensor& x) {
  return record("neg", {x}, same_dtype("neg", x, kernels::neg),
                [](const Tensor& dy, Needs) -> Grads { return {-dy}; });
}

Tensor abs(const Tensor& x) {
  return record("abs", {x}, same_dtype("abs", x, kernels::abs),
                [x = save(x)](const Tensor& dy, Needs) -> Grads { return {dy * sign(x.get())}; });
}

Tensor square(const Tensor& x) {
  return record("square", {x}, same_dtype("square", x, kernels::square),
                [x = save(x)](const Tensor& dy, Needs) -> Grads { return {dy * (2 * x.get())}; });
}

Tensor sign(const Tensor& x) { return step_function("sign", x, kernels::sign); }
Tensor floor(const Tensor& x) { return rounding("floor", x, kernels::floor); }
Tensor ceil(const Tensor& x) { return rounding("ceil", x, kernels::ceil); }
Tensor round(const Tensor& x) { return rounding("round", x, kernels::round); }

}  // namespace strata
