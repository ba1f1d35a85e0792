#include "strata/ops/normalize.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/normalize.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using internal::with_shape;
using kernels::ChannelNorm;

DType computed_dtype(const Tensor& x) { return x.dtype() == DType::f64 ? DType::f64 : DType::f32; }

/// A weight, bias or statistic in the dtype computed in. Throws ShapeError, DeviceError.
Tensor parameter(const char* op, const char* what, const Tensor& t, const Shape& shape,
                 const Tensor& x) {
  if (!t.defined()) return t;
  if (t.shape() != shape) {
    throw ShapeError(op, fmt::format("{} is {}, but x, {}, asks for {}", what, describe(t),
                                     describe(x), to_string(shape)));
  }
  internal::check_same_device(op, x, t);
  return contiguous(cast(t, computed_dtype(x)));
}

/// A normalisation seen as an array whose `axes` have common statistics.
struct Form {
  Shape shape;  ///< of x
  Dims axes;
  Shape weight;  ///< weight's, so that it broadcasts to `shape`
  double eps = 0;
  bool centred = true, relu = false;
};

/// What the way back needs. mean and inverse are constants where `constant`.
struct Kept {
  Saved x, weight, bias, mean, inverse;
};

Tensor reshape_if(const Tensor& t, const Shape& shape) {
  return t.defined() ? reshape(t, shape) : t;
}

/// The gradients of x, weight and bias, made of ops so that they have gradients themselves.
Grads gradients_of_ops(const Form& form, bool constant, const Kept& kept, const Tensor& dy,
                       Needs needs) {
  const Tensor original = kept.x.get(), w = kept.weight.get(), b = kept.bias.get();
  const Tensor x = reshape(original, form.shape);
  const Tensor weight = reshape_if(w, form.weight), bias = reshape_if(b, form.weight);
  Tensor centred = x, inverse;
  if (constant) {
    centred = x - kept.mean.get();
    inverse = kept.inverse.get();
  } else {
    if (form.centred) centred = x - mean(x, form.axes, true);
    inverse = rsqrt(mean(square(centred), form.axes, true) + form.eps);
  }
  const Tensor h = centred * inverse;
  Tensor g = reshape(dy, form.shape);
  if (form.relu) {
    Tensor z = weight.defined() ? h * weight : h;
    if (bias.defined()) z = z + bias;
    g = where(z > 0, g, 0);
  }
  Grads grads(3);
  if (needs[0]) {
    const Tensor gw = weight.defined() ? g * weight : g;
    Tensor dx = gw;
    if (!constant) {
      if (form.centred) dx = dx - mean(gw, form.axes, true);
      dx = dx - h * mean(gw * h, form.axes, true);
    }
    grads[0] = cast(reshape(dx * inverse, original.shape()), original.dtype());
  }
  if (needs[1]) grads[1] = reshape(sum_to(g * h, form.weight), w.shape());
  if (needs[2]) grads[2] = reshape(sum_to(g, form.weight), b.shape());
  return grads;
}

/// Memory for the gradients that are wanted.
Grads room_for_gradients(const char* op, Needs needs, const Tensor& x, const Tensor& weight,
                         const Tensor& bias) {
  return {needs[0] ? empty_like(x, op) : Tensor(), needs[1] ? empty_like(weight, op) : Tensor(),
          needs[2] ? empty_like(bias, op) : Tensor()};
}

/// The common part of training and evaluation: x seen as `view`, statistics given.
Tensor normalize_channels(const char* op, const ChannelNorm& norm, const Form& form, bool constant,
                          const Tensor& x, const Shape& view, const Tensor& weight,
                          const Tensor& bias, const Tensor& mean, const Tensor& inverse) {
  Tensor y = empty(x.shape(), x.dtype(), x.device(), op);
  on_cpu(op, x, [&](Cpu cpu) {
    Tensor to = with_shape(y, view);
    kernels::channel_norm(cpu, norm, with_shape(x, view), weight, bias, mean, inverse, to);
  });
  const Kept kept{save(x), save(weight), save(bias), save(mean), save(inverse)};
  return record(op, {x, weight, bias}, y, [=](const Tensor& dy, Needs needs) -> Grads {
    if (grad_enabled()) return gradients_of_ops(form, constant, kept, dy, needs);
    const Tensor from = kept.x.get(), w = kept.weight.get(), b = kept.bias.get();
    const Tensor m = kept.mean.get(), s = kept.inverse.get();
    Grads grads = room_for_gradients(op, needs, from, w, b);
    Tensor dx = needs[0] ? with_shape(grads[0], view) : Tensor();
    const Tensor g = with_shape(contiguous(dy), view);
    on_cpu(op, from, [&](Cpu cpu) {
      kernels::channel_norm_grad(cpu, norm, constant, with_shape(from, view), g, w, b, m, s, dx,
                                 grads[1], grads[2]);
    });
    return grads;
  });
}

/// Over the last axes, layer norm or RMS norm.
Tensor normalize_rows(const char* op, bool rms, const Tensor& given, const Shape& shape,
                      const Tensor& given_weight, const Tensor& given_bias, double eps) {
  const Tensor x = contiguous(given);
  const Tensor weight = parameter(op, "weight", given_weight, shape, x);
  const Tensor bias = parameter(op, "bias", given_bias, shape, x);
  const int64_t n = numel(shape), rows = n ? x.numel() / n : 0;
  const Shape view = {rows, n};
  Tensor y = empty(x.shape(), x.dtype(), x.device(), op);
  Tensor inverse = empty({rows, 1}, computed_dtype(x), x.device(), op), mean;
  if (!rms) mean = empty_like(inverse, op);
  on_cpu(op, x, [&](Cpu cpu) {
    Tensor to = with_shape(y, view);
    kernels::row_norm(cpu, rms, eps, with_shape(x, view), weight, bias, mean, inverse, to);
  });
  const Kept kept{save(x), save(weight), save(bias), save(mean), save(inverse)};
  const Form form{view, {1}, {n}, eps, !rms, false};
  return record(op, {x, weight, bias}, y, [=](const Tensor& dy, Needs needs) -> Grads {
    if (grad_enabled()) return gradients_of_ops(form, false, kept, dy, needs);
    const Tensor from = kept.x.get(), w = kept.weight.get(), b = kept.bias.get();
    const Tensor m = kept.mean.get(), s = kept.inverse.get();
    Grads grads = room_for_gradients(op, needs, from, w, b);
    Tensor dx = needs[0] ? with_shape(grads[0], view) : Tensor();
    const Tensor g = with_shape(contiguous(dy), view);
    on_cpu(op, from, [&](Cpu cpu) {
      kernels::row_norm_grad(cpu, rms, with_shape(from, view), g, w, m, s, dx, grads[1], grads[2]);
    });
    return grads;
  });
}

/// Throws ShapeError unless x ends in `shape`.
void check_ends_in(const char* op, const Tensor& x, const Shape& shape) {
  internal::check_floating(op, x);
  const int skip = x.rank() - shape.rank();
  if (!shape.empty() && skip >= 0 &&
      std::equal(shape.begin(), shape.end(), x.shape().begin() + skip)) {
    return;
  }
  throw ShapeError(op,
                   fmt::format("x is {}, which does not end in {}", describe(x), to_string(shape)));
}

void check_running(const char* op, const Tensor& mean, const Tensor& var, const Shape& shape,
                   const Tensor& x) {
  for (const Tensor& t : {mean, var}) {
    if (!t.defined()) continue;
    if (t.shape() != shape || !t.is_contiguous() ||
        (t.dtype() != DType::f32 && t.dtype() != DType::f64)) {
      throw ShapeError(op, fmt::format("running statistics are {}, but x, {}, asks for contiguous "
                                       "f32{}",
                                       describe(t), describe(x), to_string(shape)));
    }
    internal::check_same_device(op, x, t);
  }
}

}  // namespace

Tensor batch_norm(const Tensor& given, Tensor running_mean, Tensor running_var,
                  const Tensor& given_weight, const Tensor& given_bias,
                  const BatchNormOptions& options) {
  constexpr const char* kOp = "batch_norm";
  internal::check_floating(kOp, given);
  if (given.rank() < 2) {
    throw ShapeError(kOp,
                     fmt::format("x is {}, but at least [samples, channels]", describe(given)));
  }
  if (given.dtype() == DType::f16) {
    return cast(batch_norm(cast(given, DType::f32), running_mean, running_var, given_weight,
                           given_bias, options),
                DType::f16);
  }
  const Tensor x = contiguous(given);
  const int64_t channels = x.shape().back(), count = channels ? x.numel() / channels : 0;
  const Tensor weight = parameter(kOp, "weight", given_weight, {channels}, x);
  const Tensor bias = parameter(kOp, "bias", given_bias, {channels}, x);
  const Shape view = {1, count, channels};
  check_running(kOp, running_mean, running_var, {channels}, x);
  const bool tracked = running_mean.defined() && running_var.defined();
  if (options.training && count == 1) {
    throw ValueError(
        kOp, fmt::format("x, {}, has a single value for each channel: no variance", describe(x)));
  }
  if (!options.training && !tracked) {
    throw ValueError(kOp, "running statistics are undefined", "they are needed but in training");
  }
  const ChannelNorm norm{.relu = options.relu, .eps = options.eps};
  Tensor mean = empty({1, channels}, computed_dtype(x), x.device(), kOp);
  Tensor variance = empty_like(mean, kOp), inverse = empty_like(mean, kOp);
  on_cpu(kOp, x, [&](Cpu cpu) {
    if (options.training && count == 0) {
      fill_(mean, 0);
      fill_(variance, 0);
    } else if (options.training) {
      kernels::channel_statistics(cpu, with_shape(x, view), mean, variance);
    } else {
      const NoGrad no_grad;
      copy_(mean, running_mean);
      copy_(variance, running_var);
    }
    kernels::invert_variance(cpu, options.eps, variance, inverse);
    if (!options.training || !tracked || count == 0) return;
    kernels::update_running(cpu, options.momentum, count, mean, variance, running_mean,
                            running_var);
    running_mean.bump_version();
    running_var.bump_version();
  });
  const Form form{{count, channels}, {0}, {channels}, options.eps, true, options.relu};
  return normalize_channels(kOp, norm, form, !options.training, x, view, weight, bias, mean,
                            inverse);
}

Tensor layer_norm(const Tensor& x, const Shape& shape, const Tensor& weight, const Tensor& bias,
                  double eps) {
  check_ends_in("layer_norm", x, shape);
  if (x.dtype() == DType::f16) {
    return cast(layer_norm(cast(x, DType::f32), shape, weight, bias, eps), DType::f16);
  }
  return normalize_rows("layer_norm", false, x, shape, weight, bias, eps);
}

Tensor rms_norm(const Tensor& x, const Shape& shape, const Tensor& weight,
                std::optional<double> eps) {
  check_ends_in("rms_norm", x, shape);
  if (x.dtype() == DType::f16) {
    return cast(rms_norm(cast(x, DType::f32), shape, weight, eps), DType::f16);
  }
  const double least = x.dtype() == DType::f64 ? std::numeric_limits<double>::epsilon()
                                               : std::numeric_limits<float>::epsilon();
  return normalize_rows("rms_norm", true, x, shape, weight, {}, eps.value_or(least));
}

}  // namespace strata
