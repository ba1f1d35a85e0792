#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/extremes.h"
#include "strata/ops/losses.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"

// The losses that are made of other ops.
namespace strata {
namespace {

using internal::reduced;

/// Throws ValueError where a value of x lies outside of [low, high].
void check_range(const char* op, const char* name, const Tensor& x, double low, double high) {
  if (x.is_meta() || x.numel() == 0) return;
  const NoGrad no_grad;
  const double least = min(x).item<double>(), most = max(x).item<double>();
  if (!(least < low || most > high)) return;
  throw ValueError(op, fmt::format("the values of {} {} must be in [{}, {}], one is {}", name,
                                   describe(x), low, high, least < low ? least : most));
}

/// Whether `small` has the shape of x but for one axis of size 1.
bool has_one_axis_less(const Tensor& small, const Tensor& x) {
  if (small.rank() != x.rank()) return false;
  int64_t others = 0, size = 0;
  for (int i = 0; i < x.rank(); ++i) {
    if (small.size(i) == x.size(i)) continue;
    ++others;
    size = small.size(i);
  }
  return others == 1 && size == 1;
}

Tensor huber(const Tensor& x, const Tensor& target, double delta) {
  const Tensor d = x - target;
  const Tensor near = clamp(d, -delta, delta);
  return near * (d - near * 0.5);
}

/// Elements of bce_loss.
Tensor bce(const Tensor& x, const Tensor& target) {
  Tensor y;
  {
    const NoGrad no_grad;
    y = -(target * clamp(log(x), -100) + (1 - target) * clamp(log1p(-x), -100));
  }
  return record("bce_loss", {x, target}, y,
                [x = save(x), t = save(target)](const Tensor& dy, Needs needs) -> Grads {
                  const Tensor p = x.get();
                  Grads grads(2);
                  if (needs[0]) grads[0] = dy * ((p - t.get()) / clamp((1 - p) * p, 1e-12));
                  if (needs[1]) grads[1] = dy * clamp(log1p(-p) - log(p), -100, 100);
                  return grads;
                });
}

}  // namespace

Tensor huber_loss(const Tensor& x, const Tensor& target, double delta, Reduction reduction) {
  internal::check_floating("huber_loss", x);
  if (!(delta > 0)) {
    throw ValueError("huber_loss", fmt::format("delta must be positive, got {}", delta));
  }
  return reduced(huber(x, target, delta), reduction);
}

Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, double beta, Reduction reduction) {
  internal::check_floating("smooth_l1_loss", x);
  if (!(beta >= 0)) {
    throw ValueError("smooth_l1_loss", fmt::format("beta must not be negative, got {}", beta));
  }
  if (beta == 0) return l1_loss(x, target, reduction);
  return reduced(huber(x, target, beta) / beta, reduction);
}

Tensor bce_loss(const Tensor& x, const Tensor& target, const Tensor& weight, Reduction reduction) {
  internal::check_elementwise("bce_loss", x, target, weight);
  check_range("bce_loss", "x", x, 0, 1);
  const Tensor losses = bce(x, cast(target, x.dtype()));
  return reduced(weight.defined() ? losses * weight : losses, reduction);
}

Tensor kl_div(const Tensor& x, const Tensor& target, const KlOptions& options) {
  internal::check_floating("kl_div", x);
  internal::check_floating("kl_div", target);
  const Tensor losses =
      options.log_target ? exp(target) * (target - x) : xlogy(target, target) - target * x;
  if (!options.batch_mean) return reduced(losses, options.reduction);
  if (losses.rank() == 0) throw ShapeError("kl_div", "a mean over the batch needs a first axis");
  return sum(losses) / static_cast<double>(losses.size(0));
}

Tensor gaussian_nll_loss(const Tensor& x, const Tensor& target, const Tensor& variance,
                         const GaussianNllOptions& options) {
  internal::check_floating("gaussian_nll_loss", x);
  Shape rows = x.shape();
  if (x.rank() > 0) rows.erase(rows.rank() - 1);
  const bool of_rows = variance.shape() == rows && variance.shape() != x.shape();
  if (!of_rows && variance.shape() != x.shape() && !has_one_axis_less(variance, x)) {
    throw ShapeError("gaussian_nll_loss",
                     fmt::format("variance {} does not fit x {}", describe(variance), describe(x)));
  }
  check_range("gaussian_nll_loss", "variance", variance, 0,
              std::numeric_limits<double>::infinity());
  Tensor v = of_rows ? unsqueeze(variance, -1) : variance;
  const Tensor found = v.detach();  // the floor has no say in the gradient
  v = where(found < options.eps, v - found + options.eps, v);
  Tensor losses = 0.5 * (log(v) + square(x - target) / v);
  if (options.full) losses = losses + 0.5 * std::log(2 * std::numbers::pi);
  return reduced(losses, options.reduction);
}

Tensor poisson_nll_loss(const Tensor& x, const Tensor& target, const PoissonNllOptions& options) {
  internal::check_floating("poisson_nll_loss", x);
  Tensor losses = options.log_input ? exp(x) - target * x : x - target * log(x + options.eps);
  if (options.full) {
    const Tensor stirling =
        target * log(target) - target + 0.5 * log(2 * std::numbers::pi * target);
    losses = losses + where(target > 1, stirling, 0);
  }
  return reduced(losses, options.reduction);
}

}  // namespace strata
