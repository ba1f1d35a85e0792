#include "strata/ops/group_norm.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/group_norm.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using internal::with_shape;

constexpr const char* kOp = "group_norm";

/// A weight, bias or shift in the dtype computed in. Throws ShapeError, DeviceError.
Tensor parameter(const char* what, const Tensor& t, const Shape& shape, const Tensor& x) {
  if (!t.defined()) return t;
  if (t.shape() != shape) {
    throw ShapeError(kOp, fmt::format("{} is {}, but x, {}, asks for {}", what, describe(t),
                                      describe(x), to_string(shape)));
  }
  internal::check_same_device(kOp, x, t);
  return contiguous(cast(t, x.dtype() == DType::f64 ? DType::f64 : DType::f32));
}

/// What the way back needs.
struct Kept {
  kernels::GroupNorm norm;
  Shape view;  ///< [samples, length, channels]
  Saved x, shift, weight, bias, mean, inverse;
};

/// The gradients of x, shift, weight and bias, made of ops so that they have gradients themselves.
Grads gradients_of_ops(const Kept& kept, const Tensor& dy, Needs needs) {
  const int64_t samples = kept.view[0], channels = kept.view[2], groups = kept.norm.groups;
  const Shape all = {samples, kept.view[1], groups, channels / groups};
  const Shape plane = {samples, 1, groups, channels / groups}, row = {groups, channels / groups};
  const Tensor given = kept.x.get(), s = kept.shift.get();
  const Tensor w = kept.weight.get(), b = kept.bias.get();
  Tensor x = reshape(given, all);
  if (s.defined()) x = x + reshape(s, plane);
  const Tensor centred = x - mean(x, {1, 3}, true);
  const Tensor inverse = rsqrt(mean(square(centred), {1, 3}, true) + kept.norm.eps);
  const Tensor h = centred * inverse;
  const Tensor weight = w.defined() ? reshape(w, row) : w;
  Tensor g = reshape(dy, all);
  if (kept.norm.silu) {
    Tensor z = w.defined() ? h * weight : h;
    if (b.defined()) z = z + reshape(b, row);
    const Tensor t = sigmoid(z);
    g = g * (t * (1 + z * (1 - t)));
  }
  Grads grads(4);
  if (needs[0] || needs[1]) {
    const Tensor gw = w.defined() ? g * weight : g;
    const Tensor dx = (gw - mean(gw, {1, 3}, true) - h * mean(gw * h, {1, 3}, true)) * inverse;
    if (needs[0]) grads[0] = cast(reshape(dx, given.shape()), given.dtype());
    if (needs[1]) grads[1] = reshape(sum(dx, {1}), s.shape());
  }
  if (needs[2]) grads[2] = reshape(sum_to(g * h, row), w.shape());
  if (needs[3]) grads[3] = reshape(sum_to(g, row), b.shape());
  return grads;
}

Grads gradients(const Kept& kept, const Tensor& dy, Needs needs) {
  if (grad_enabled()) return gradients_of_ops(kept, dy, needs);
  const Tensor x = kept.x.get(), w = kept.weight.get(), b = kept.bias.get();
  const Tensor mean = kept.mean.get(), inverse = kept.inverse.get();
  Grads out = {needs[0] ? empty_like(x, kOp) : Tensor(), needs[1] ? zeros_like(mean) : Tensor(),
               needs[2] ? empty_like(w, kOp) : Tensor(), needs[3] ? empty_like(b, kOp) : Tensor()};
  const Tensor g = with_shape(contiguous(dy), kept.view);
  on_cpu(kOp, x, [&](Cpu cpu) {
    kernels::GroupNormGrads to{needs[0] ? with_shape(out[0], kept.view) : Tensor(), out[1], out[2],
                               out[3]};
    kernels::group_norm_grad(cpu, kept.norm, with_shape(x, kept.view), g, w, b, mean, inverse, to);
  });
  return out;
}

}  // namespace

Tensor group_norm(const Tensor& given, int64_t groups, const Tensor& given_weight,
                  const Tensor& given_bias, const GroupNormOptions& options) {
  internal::check_floating(kOp, given);
  if (given.rank() < 2) {
    throw ShapeError(kOp,
                     fmt::format("x is {}, but at least [samples, channels]", describe(given)));
  }
  const int64_t samples = given.shape()[0], channels = given.shape().back();
  if (groups < 1 || channels % groups != 0) {
    throw ValueError(kOp, fmt::format("{} groups do not divide the {} channels of x, {}", groups,
                                      channels, describe(given)));
  }
  if (given.dtype() == DType::f16) {
    return cast(group_norm(cast(given, DType::f32), groups, given_weight, given_bias, options),
                DType::f16);
  }
  const Tensor x = contiguous(given);
  const Tensor shift = parameter("shift", options.shift, {samples, channels}, x);
  const Tensor weight = parameter("weight", given_weight, {channels}, x);
  const Tensor bias = parameter("bias", given_bias, {channels}, x);
  const kernels::GroupNorm norm{.groups = groups, .eps = options.eps, .silu = options.silu};
  const Shape view = {samples, x.numel() ? x.numel() / (samples * channels) : 0, channels};
  Tensor y = empty(x.shape(), x.dtype(), x.device(), kOp);
  Tensor mean = empty({samples, channels}, x.dtype() == DType::f64 ? DType::f64 : DType::f32,
                      x.device(), kOp);
  Tensor inverse = empty_like(mean, kOp);
  on_cpu(kOp, x, [&](Cpu cpu) {
    Tensor to = with_shape(y, view);
    kernels::group_norm(cpu, norm, with_shape(x, view), shift, weight, bias, mean, inverse, to);
  });
  const Kept kept{norm,         view,       save(x),    save(shift),
                  save(weight), save(bias), save(mean), save(inverse)};
  return record(kOp, {x, shift, weight, bias}, y,
                [kept](const Tensor& dy, Needs needs) { return gradients(kept, dy, needs); });
}

}  // namespace strata
