#include "strata/ops/linear.h"

#include <string>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/work_counter.h"
#include "strata/kernels/activations.h"
#include "strata/kernels/linear_bf16.h"
#include "strata/kernels/matmul.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

void check_inputs(const Tensor& x, const Tensor& w, const Tensor& bias) {
  const auto all = [&] {
    return fmt::format("x is {}, w is {}{}", describe(x), describe(w),
                       bias.defined() ? fmt::format(", bias is {}", describe(bias)) : "");
  };
  if (w.rank() != 2) throw ShapeError("linear", "w must be [out, in]: " + all());
  if (x.rank() == 0 || x.size(-1) != w.size(1)) {
    const bool turned = x.rank() > 0 && x.size(-1) == w.size(0);
    throw ShapeError("linear",
                     fmt::format("x's last axis must equal w's ({}): {}", w.size(1), all()),
                     turned ? "weights are [out, in]: transpose(w, 0, 1)?" : "");
  }
  if (bias.defined() && bias.shape() != Shape{w.size(0)}) {
    throw ShapeError("linear", fmt::format("bias must be [{}]: {}", w.size(0), all()));
  }
  if (!is_floating(x.dtype())) throw DTypeError("linear", "takes floating tensors: " + all());
  for (const Tensor* other : {&w, &bias}) {
    if (!other->defined()) continue;
    const bool narrow = x.dtype() == DType::f32 && other->dtype() == DType::bf16;
    if (other->dtype() != x.dtype() && !narrow) {
      throw DTypeError("linear", "dtypes differ: " + all(), "cast() one of them");
    }
    internal::check_same_device("linear", x, *other);
  }
}

/// activation(z), as a step of its own.
Tensor activate(const Tensor& z, Activation activation) {
  switch (activation) {
    case Activation::none: break;
    case Activation::relu: return relu(z);
    case Activation::gelu_tanh: return gelu_tanh(z);
    case Activation::gelu_erf: return gelu(z);
    case Activation::sigmoid: return sigmoid(z);
    case Activation::tanh: return tanh(z);
    case Activation::silu: return silu(z);
  }
  return z;
}

bool gradient_follows_from_result(Activation activation) {
  return activation == Activation::none || activation == Activation::relu ||
         activation == Activation::sigmoid || activation == Activation::tanh;
}

/// The gradient before an activation from that behind it and its result y. While gradients of
/// gradients are recorded it is made of ops, else one kernel.
Tensor activation_backward(const Tensor& dy, const Tensor& y, Activation activation) {
  if (activation == Activation::none) return dy;
  if (activation == Activation::tanh) return dy * (1 - square(y));
  if (activation == Activation::relu) return relu_backward(dy, y);
  if (grad_enabled()) return dy * ((1 - y) * y);
  Tensor dz = empty_like(dy, "linear");
  on_cpu("linear", dy, [&](Cpu cpu) { kernels::sigmoid_backward(cpu, dy, y, dz); });
  return dz;
}

/// One matrix: all axes but the last merged.
Tensor rows_of(const Tensor& x) {
  if (x.rank() == 2) return x;
  int64_t rows = 1;  // not of numel(): the last axis may be empty
  for (int axis = 0; axis + 1 < x.rank(); ++axis) rows *= x.size(axis);
  return reshape(x, {rows, x.size(-1)});
}

Tensor product(const Tensor& x, const Tensor& w, const Tensor& bias, Activation activation) {
  const NoGrad no_grad;
  Shape shape = x.shape();
  shape.back() = w.size(0);
  Tensor y = empty(shape, x.dtype(), x.device(), "linear");
  count_macs(y.numel() * w.size(1));
  on_cpu("linear", y, [&](Cpu cpu) {
    if (w.dtype() != x.dtype()) {
      const bool readable = w.is_contiguous() || transpose(w, 0, 1).is_contiguous();
      kernels::linear_bf16(cpu, contiguous(rows_of(x)), readable ? w : copy(w),
                           bias.defined() ? contiguous(cast(bias, x.dtype())) : bias, activation,
                           y);
      return;
    }
    const auto readable = [](const Tensor& t) {
      return kernels::is_row_or_column_major(t) ? t : copy(t);
    };
    Tensor rows = rows_of(y);
    kernels::matmul(cpu, readable(rows_of(x)), transpose(readable(w), 0, 1),
                    bias.defined() ? contiguous(cast(bias, x.dtype())) : bias, activation, rows);
  });
  return y;
}

/// dz^T x, lying in memory as w does.
Tensor weight_gradient(const Tensor& dz, const Tensor& x, const Tensor& w) {
  if (w.is_contiguous()) return matmul(transpose(dz, 0, 1), x);
  return transpose(matmul(transpose(x, 0, 1), dz), 0, 1);
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& w, const Tensor& bias, Activation activation) {
  check_inputs(x, w, bias);
  const bool recorded =
      grad_enabled() && (x.requires_grad() || w.requires_grad() || bias.requires_grad());
  if (recorded && !gradient_follows_from_result(activation)) {
    return activate(linear(x, w, bias), activation);
  }
  Tensor y = product(x, w, bias, activation);
  const auto kept = activation == Activation::none ? SavedOutput() : save_output(y);
  const DType bias_dtype = bias.defined() ? bias.dtype() : x.dtype();
  return record("linear", {x, w, bias}, y,
                [x = save(x), w = save(w), y = kept, bias_dtype, activation](const Tensor& dy,
                                                                             Needs needs) -> Grads {
                  const Tensor in = x.get(), weight = w.get();
                  const Tensor dz = activation_backward(dy, y.get(), activation);
                  Grads grads(3);
                  if (needs[0]) grads[0] = matmul(dz, cast(weight, dz.dtype()));
                  if (needs[1]) {
                    const Tensor dw = weight_gradient(rows_of(dz), rows_of(in), weight);
                    grads[1] = cast(dw, weight.dtype());
                  }
                  if (needs[2]) grads[2] = cast(sum(rows_of(dz), {0}), bias_dtype);
                  return grads;
                });
}

}  // namespace strata
