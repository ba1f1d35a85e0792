#include "strata/ops/activations.h"

#include <numbers>

#include "strata/base/error.h"
#include "strata/kernels/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

// Each way back is one kernel; while gradients of gradients are recorded (grad_enabled() inside
// the closure), it is the same formula made of ops.
namespace strata {
namespace {

/// A fresh tensor of x's shape and dtype that kernel(cpu, tensor) has filled.
template <class F>
Tensor compute(const char* op, const Tensor& x, F&& kernel) {
  if (!is_floating(x.dtype())) throw DTypeError(op, "takes floating tensors, got " + describe(x));
  Tensor y = empty_like(x, op);
  on_cpu(op, x, [&](Cpu cpu) { kernel(cpu, y); });
  return y;
}

}  // namespace

Tensor relu(const Tensor& x) {
  if (x.dtype() == DType::boolean) throw DTypeError("relu", "takes numbers, got " + describe(x));
  Tensor y = empty_like(x);
  on_cpu("relu", x, [&](Cpu cpu) { kernels::relu(cpu, x, y); });
  return record("relu", {x}, y, [y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    return {relu_backward(dy, y.get())};
  });
}

Tensor relu_backward(const Tensor& dy, const Tensor& y) {
  if (grad_enabled()) return where(y <= 0, 0, dy);
  return compute("relu", dy, [&](Cpu c, Tensor& dx) { kernels::relu_backward(c, dy, y, dx); });
}

Tensor add_relu(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) {
    throw ShapeError("add_relu", "the shapes differ: " + describe(a) + " and " + describe(b));
  }
  if (a.dtype() != b.dtype()) {
    throw DTypeError("add_relu", "the dtypes differ: " + describe(a) + " and " + describe(b));
  }
  Tensor y = compute("add_relu", a, [&](Cpu c, Tensor& out) { kernels::add_relu(c, a, b, out); });
  return record("add_relu", {a, b}, y, [y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    const Tensor dz = relu_backward(dy, y.get());
    return {dz, dz};
  });
}

Tensor leaky_relu(const Tensor& x, double slope) {
  Tensor y =
      compute("leaky_relu", x, [&](Cpu c, Tensor& out) { kernels::leaky_relu(c, x, slope, out); });
  return record("leaky_relu", {x}, y, [x = save(x), slope](const Tensor& dy, Needs) -> Grads {
    const Tensor v = x.get();
    if (grad_enabled()) return {where(v > 0, dy, dy * slope)};
    return {compute("leaky_relu", dy,
                    [&](Cpu c, Tensor& dx) { kernels::leaky_relu_backward(c, dy, v, slope, dx); })};
  });
}

Tensor sigmoid(const Tensor& x) {
  if (!is_floating(x.dtype())) return sigmoid(cast(x, DType::f32));
  Tensor y = compute("sigmoid", x, [&](Cpu c, Tensor& out) { kernels::sigmoid(c, x, out); });
  return record("sigmoid", {x}, y, [y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    const Tensor s = y.get();
    if (grad_enabled()) return {dy * ((1 - s) * s)};
    return {compute("sigmoid", dy,
                    [&](Cpu c, Tensor& dx) { kernels::sigmoid_backward(c, dy, s, dx); })};
  });
}

Tensor silu(const Tensor& x) {
  Tensor y = compute("silu", x, [&](Cpu c, Tensor& out) { kernels::silu(c, x, out); });
  return record("silu", {x}, y, [x = save(x)](const Tensor& dy, Needs) -> Grads {
    const Tensor v = x.get();
    if (grad_enabled()) {
      const Tensor s = sigmoid(v);
      return {dy * (s * (v * (1 - s) + 1))};
    }
    return {compute("silu", dy, [&](Cpu c, Tensor& dx) { kernels::silu_backward(c, dy, v, dx); })};
  });
}

Tensor gelu(const Tensor& x) {
  Tensor y = compute("gelu", x, [&](Cpu c, Tensor& out) { kernels::gelu(c, x, out); });
  return record("gelu", {x}, y, [x = save(x)](const Tensor& dy, Needs) -> Grads {
    const Tensor v = x.get();
    if (grad_enabled()) {
      constexpr double kDensity = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
      const Tensor phi = 0.5 * (1 + erf(v / std::numbers::sqrt2));
      return {dy * (phi + v * (kDensity * exp(-0.5 * square(v))))};
    }
    return {compute("gelu", dy, [&](Cpu c, Tensor& dx) { kernels::gelu_backward(c, dy, v, dx); })};
  });
}

Tensor gelu_tanh(const Tensor& x) {
  Tensor y = compute("gelu_tanh", x, [&](Cpu c, Tensor& out) { kernels::gelu_tanh(c, x, out); });
  return record("gelu_tanh", {x}, y, [x = save(x)](const Tensor& dy, Needs) -> Grads {
    const Tensor v = x.get();
    if (grad_enabled()) {
      constexpr double kScale = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
      const Tensor t = tanh(kScale * (v + 0.044715 * pow(v, 3)));
      const Tensor slope = kScale * (1 + 3 * 0.044715 * square(v));
      return {dy * (0.5 * (1 + t) + 0.5 * v * (1 - square(t)) * slope)};
    }
    return {compute("gelu_tanh", dy,
                    [&](Cpu c, Tensor& dx) { kernels::gelu_tanh_backward(c, dy, v, dx); })};
  });
}

Tensor softplus(const Tensor& x, double beta, double threshold) {
  Tensor y = compute("softplus", x,
                     [&](Cpu c, Tensor& out) { kernels::softplus(c, x, beta, threshold, out); });
  return record("softplus", {x}, y,
                [x = save(x), beta, threshold](const Tensor& dy, Needs) -> Grads {
                  const Tensor v = x.get();
                  if (grad_enabled()) {
                    return {where(v * beta > threshold, dy, dy * sigmoid(v * beta))};
                  }
                  return {compute("softplus", dy, [&](Cpu c, Tensor& dx) {
                    kernels::softplus_backward(c, dy, v, beta, threshold, dx);
                  })};
                });
}

}  // namespace strata
