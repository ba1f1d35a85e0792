#include "strata/ops/losses.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/losses.h"
#include "strata/kernels/reduce.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/softmax.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using kernels::PairLoss;

/// 1, or for a mean 1 / count.
double scale_of(Reduction reduction, double count) {
  return reduction == Reduction::mean ? 1 / count : 1;
}

/// A loss of single elements; `slope(x, t)` is its derivative made of ops, for second order. That
/// for t is -slope, but -x for PairLoss::binary.
template <class Slope>
Tensor pair_loss(const char* op, PairLoss what, Tensor x, Tensor t, Reduction reduction,
                 Slope slope) {
  const DType dtype = promote(x.dtype(), t.dtype());
  if (!is_floating(dtype)) internal::check_floating(op, x);
  internal::check_same_device(op, x, t);
  const Shape shape = broadcast_shapes(op, x.shape(), t.shape());
  const DType computed = dtype == DType::f16 ? DType::f32 : dtype;
  x = contiguous(expand(cast(x, computed), shape));
  t = contiguous(expand(cast(t, computed), shape));
  const double scale = scale_of(reduction, static_cast<double>(x.numel()));
  Tensor y = empty(reduction == Reduction::none ? shape : Shape{}, computed, x.device(), op);
  on_cpu(op, x, [&](Cpu cpu) { kernels::pair_loss(cpu, what, x, t, scale, y); });
  y = record(op, {x, t}, y, [=, x = save(x), t = save(t)](const Tensor& dy, Needs needs) -> Grads {
    const Tensor a = x.get(), b = t.get();
    Tensor da;
    if (grad_enabled()) {
      da = slope(a, b) * (dy * scale);
    } else {
      da = empty_like(a);
      const Tensor g = contiguous(dy);
      on_cpu(op, a, [&](Cpu cpu) { kernels::pair_loss_grad(cpu, what, a, b, g, scale, da); });
    }
    return {da, !needs[1] ? Tensor() : what == PairLoss::binary ? a * (dy * -scale) : -da};
  });
  return cast(y, dtype);
}

/// Everything the two directions of cross_entropy share: logits as [rows, classes].
struct Rows {
  Tensor x, target, weight;
  kernels::CrossEntropy options;
};

/// Throws IndexError for a class that does not exist; the sum of the targets' weights.
double check_targets(const Rows& r) {
  if (r.x.is_meta()) return 1;
  const int64_t rows = r.x.shape()[0], classes = r.x.shape()[1];
  const auto* t = r.target.data<int64_t>();
  const std::vector<double> weight =
      r.weight.defined() ? r.weight.to_vector<double>() : std::vector<double>();
  double total = 0;
  for (int64_t i = 0; i < rows; ++i) {
    if (t[i] == r.options.ignore) continue;
    if (t[i] < 0 || t[i] >= classes) {
      throw IndexError("cross_entropy",
                       fmt::format("target {} at row {} is outside of [0, {})", t[i], i, classes));
    }
    total += weight.empty() ? 1 : weight[static_cast<size_t>(t[i])];
  }
  return total;
}

Tensor rows_grad(const Rows& r, const Tensor& lse, const Tensor& dy, double scale) {
  Tensor dx = empty_like(r.x, "cross_entropy");
  const Tensor g = contiguous(dy);
  on_cpu("cross_entropy", r.x, [&](Cpu cpu) {
    kernels::cross_entropy_grad(cpu, r.options, r.x, r.target, r.weight, lse, g, scale, dx);
  });
  return dx;
}

/// rows_grad made of ops: k softmax(x) - p with constants k of the row and p of the element.
Tensor rows_grad_of_ops(const Rows& r, const Tensor& lse, const Tensor& dy, double scale) {
  Tensor p;
  {
    const NoGrad no_grad;
    Rows zero = r;
    zero.x = zeros_like(r.x);
    // e^(0 - inf): the softmax part vanishes and -p remains.
    const Tensor infinite = full_like(lse, std::numeric_limits<double>::infinity());
    p = rows_grad(zero, infinite, ones({}, r.x.dtype(), r.x.device()), -1);
  }
  const Tensor g = dy.rank() ? reshape(dy, {-1, 1}) : dy;
  return (sum(p, {1}, true) * softmax(r.x) - p) * (g * scale);
}

/// Class numbers as targets.
Tensor class_cross_entropy(const Tensor& logits, const Tensor& target,
                           const CrossEntropyOptions& options) {
  const Shape shape = logits.shape();
  const int64_t classes = shape.back();
  const DType computed = logits.dtype() == DType::f64 ? DType::f64 : DType::f32;
  Rows r;
  const Shape view = {classes ? logits.numel() / classes : 0, classes};
  r.x = contiguous(shape == view ? logits : reshape(logits, view));
  {
    const NoGrad no_grad;
    r.target = contiguous(cast(target, DType::i64));
    if (options.weight.defined()) r.weight = contiguous(cast(options.weight, computed));
  }
  r.options = {options.label_smoothing, options.ignore_index};
  const double scale = scale_of(options.reduction, check_targets(r));
  Tensor losses = empty({r.x.shape()[0]}, computed, r.x.device(), "cross_entropy");
  Tensor lse = empty_like(losses, "cross_entropy");
  Tensor y = losses;
  on_cpu("cross_entropy", r.x, [&](Cpu cpu) {
    kernels::cross_entropy(cpu, r.options, r.x, r.target, r.weight, losses, lse);
  });
  if (options.reduction != Reduction::none) {
    y = empty({}, computed, r.x.device(), "cross_entropy");
    Tensor total = internal::with_shape(y, {1});
    on_cpu("cross_entropy", r.x,
           [&](Cpu cpu) { kernels::reduce(cpu, kernels::Reduce::sum, losses, total, scale); });
  } else {
    y = internal::with_shape(losses, target.shape());
  }
  {
    const NoGrad no_grad;
    y = cast(y, r.x.dtype());
  }
  return record("cross_entropy", {r.x}, y,
                [x = save(r.x), target = save(r.target), weight = save(r.weight), lse = save(lse),
                 options = r.options, scale = std::isfinite(scale) ? scale : 0](
                    const Tensor& dy, Needs) -> Grads {  // infinite: all targets were ignored
                  const Rows rows{x.get(), target.get(), weight.get(), options};
                  if (grad_enabled()) return {rows_grad_of_ops(rows, lse.get(), dy, scale)};
                  return {rows_grad(rows, lse.get(), dy, scale)};
                });
}

/// Probabilities as targets.
Tensor soft_cross_entropy(const Tensor& logits, const Tensor& target,
                          const CrossEntropyOptions& options) {
  const int64_t classes = logits.shape().back();
  Tensor p = cast(target, logits.dtype());
  if (options.label_smoothing != 0) {
    const double spread = options.label_smoothing / static_cast<double>(classes);
    p = p * (1 - options.label_smoothing) + spread;
  }
  if (options.weight.defined()) p = p * cast(options.weight, logits.dtype());
  const double rows = static_cast<double>(logits.numel() / std::max<int64_t>(classes, 1));
  const double scale = -scale_of(options.reduction, rows);
  const Tensor terms = p * log_softmax(logits);
  return (options.reduction == Reduction::none ? sum(terms, {-1}) : sum(terms)) * scale;
}

void check_cross_entropy(const char* op, const Tensor& logits, const Tensor& target,
                         const CrossEntropyOptions& options) {
  internal::check_floating(op, logits);
  if (logits.rank() == 0) throw ShapeError(op, "logits need an axis of classes");
  Shape rows = logits.shape();
  rows.erase(rows.rank() - 1);
  const bool soft = is_floating(target.dtype());
  if (target.shape() != (soft ? logits.shape() : rows)) {
    throw ShapeError(
        op, fmt::format("target {} does not fit logits {}", describe(target), describe(logits)),
        soft ? "probabilities have the shape of the logits; class numbers are integers"
             : "the classes are the last axis of the logits, which the target has not");
  }
  const Tensor& w = options.weight;
  if (w.defined() && w.shape() != Shape{logits.shape().back()}) {
    throw ShapeError(
        op, fmt::format("weight {} does not fit logits {}", describe(w), describe(logits)));
  }
  internal::check_same_device(op, logits, target);
  if (w.defined()) internal::check_same_device(op, logits, w);
  const double smoothing = options.label_smoothing;
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw ValueError(op, fmt::format("label_smoothing must be in [0, 1], got {}", smoothing));
  }
}

}  // namespace

void internal::check_elementwise(const char* op, const Tensor& x, const Tensor& target,
                                 const Tensor& weight) {
  check_floating(op, x);
  if (!is_floating(target.dtype())) {
    throw DTypeError(op, fmt::format("targets are floating, got {}", describe(target)),
                     "cast(target, DType::f32)");
  }
  if (x.shape() != target.shape()) {
    // Broadcast, [n, 1] against [n] would be the loss of all pairs.
    throw ShapeError(op, fmt::format("target {} does not have the shape of x {}", describe(target),
                                     describe(x)));
  }
  if (weight.defined() && broadcast_shapes(op, x.shape(), weight.shape()) != x.shape()) {
    throw ShapeError(
        op, fmt::format("weight {} does not broadcast to x {}", describe(weight), describe(x)));
  }
  check_same_device(op, x, target);
  if (weight.defined()) check_same_device(op, x, weight);
}

Tensor internal::reduced(const Tensor& losses, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  return reduction == Reduction::mean ? mean(losses) : sum(losses);
}

Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  return pair_loss("mse_loss", PairLoss::squared, x, target, reduction,
                   [](const Tensor& a, const Tensor& b) { return (a - b) * 2; });
}

Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  return pair_loss("l1_loss", PairLoss::absolute, x, target, reduction,
                   [](const Tensor& a, const Tensor& b) { return sign(a - b); });
}

Tensor cross_entropy(const Tensor& logits, const Tensor& target,
                     const CrossEntropyOptions& options) {
  check_cross_entropy("cross_entropy", logits, target, options);
  if (logits.dtype() == DType::f16) {
    return cast(cross_entropy(cast(logits, DType::f32), target, options), DType::f16);
  }
  return is_floating(target.dtype()) ? soft_cross_entropy(logits, target, options)
                                     : class_cross_entropy(logits, target, options);
}

Tensor nll_loss(const Tensor& x, const Tensor& target, const NllOptions& options) {
  check_cross_entropy("nll_loss", x, target, {.weight = options.weight});
  if (is_floating(target.dtype())) {
    throw DTypeError("nll_loss", fmt::format("targets are integers, got {}", describe(target)));
  }
  const Tensor counted = target != options.ignore_index;
  const Tensor classes = where(counted, cast(target, DType::i64), 0);
  const Tensor picked = squeeze(gather(x, -1, unsqueeze(classes, -1)), -1);
  Tensor weight = cast(counted, x.dtype());
  if (options.weight.defined()) {
    const Tensor all = expand(cast(options.weight, x.dtype()), x.shape());
    weight = weight * squeeze(gather(all, -1, unsqueeze(classes, -1)), -1);
  }
  const Tensor losses = where(counted, -picked * weight, 0);
  if (options.reduction != Reduction::mean) return internal::reduced(losses, options.reduction);
  return sum(losses) / sum(weight);
}

Tensor bce_with_logits(const Tensor& x, const Tensor& target, const BceOptions& options) {
  const char* op = "bce_with_logits";
  internal::check_elementwise(op, x, target, options.weight);
  internal::check_elementwise(op, x, target, options.pos_weight);
  if (!options.weight.defined() && !options.pos_weight.defined()) {
    return pair_loss(op, PairLoss::binary, x, target, options.reduction,
                     [](const Tensor& a, const Tensor& b) { return sigmoid(a) - b; });
  }
  // softplus(-x) to the last bit: log(1 + e^z) is z from 40 on.
  Tensor tail = softplus(-x, 1, 40);
  if (options.pos_weight.defined()) tail = tail * ((options.pos_weight - 1) * target + 1);
  Tensor losses = (1 - target) * x + tail;
  if (options.weight.defined()) losses = losses * options.weight;
  return internal::reduced(losses, options.reduction);
}

}  // namespace strata
