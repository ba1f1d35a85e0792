#include "strata/autograd/gradcheck.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

constexpr double kStep = 1e-5;  // near the cube root of f64's epsilon, where both errors balance

/// sum(ys * weights), weights in [0.5, 1.5) that follow the output's position.
Tensor weighted_sum(std::span<const Tensor> ys) {
  Tensor total;
  uint64_t stream = 0;
  for (const Tensor& y : ys) {
    Generator generator(0x5eed);
    generator.stream = stream++;
    // Outputs without a gradient count too: one that should have had one is a mistake to be found.
    if (!is_floating(y.dtype())) continue;
    const Tensor part = sum(y * rand(y.shape(), 0.5, 1.5, y.dtype(), y.device(), generator));
    total = total.defined() ? total + part : part;
  }
  return total;
}

double value_of(const TensorFunction& loss, std::span<const Tensor> xs) {
  const Tensor v = loss(xs)[0];
  return v.defined() ? v.item<double>() : 0.0;
}

std::vector<Tensor> with_grad(std::span<const Tensor> xs) {
  std::vector<Tensor> out;
  for (const Tensor& x : xs) {
    if (x.requires_grad()) out.push_back(x);
  }
  return out;
}

/// Takes over what is worse in the gradient of input i: `got`, beside `wanted` found `by` other
/// means.
void compare(const std::vector<double>& got, const std::vector<double>& wanted, size_t i,
             const Tensor& x, const char* by, GradCheckResult& worst) {
  double scale = 1;
  for (const double v : wanted) scale = std::max(scale, std::abs(v));
  for (size_t j = 0; j < wanted.size(); ++j) {
    const double error = std::abs(got[j] - wanted[j]) / scale;
    if (error > worst.error || std::isnan(error)) {
      worst = {error, fmt::format("input {} {}, element {}: {} against {} {}", i, describe(x), j,
                                  got[j], wanted[j], by)};
    }
  }
}

/// Central differences of the scalar `loss`, compared with `analytic` (one tensor an input).
void compare_differences(const TensorFunction& loss, std::vector<Tensor> xs,
                         std::span<const Tensor> analytic, GradCheckResult& worst) {
  size_t k = 0;
  for (size_t i = 0; i < xs.size(); ++i) {
    if (!xs[i].requires_grad()) continue;
    const std::vector<double> got = analytic[k++].to_vector<double>();
    std::vector<double> numeric(got.size());
    const Tensor original = xs[i];
    for (size_t j = 0; j < numeric.size(); ++j) {
      double side[2];
      for (int s = 0; s < 2; ++s) {
        std::vector<double> moved = original.to_vector<double>();
        moved[j] += s ? -kStep : kStep;
        xs[i] = tensor(moved, original.shape()).set_requires_grad();
        side[s] = value_of(loss, xs);
      }
      numeric[j] = (side[0] - side[1]) / (2 * kStep);
    }
    xs[i] = original;
    compare(got, numeric, i, original, "by differences", worst);
  }
}

/// f's gradients as create_graph records them, compared with those of the plain way back, which may
/// be other code.
void compare_recorded(const TensorFunction& f, std::span<const Tensor> xs, GradCheckResult& worst) {
  const Tensor ys[] = {weighted_sum(f(xs))};
  if (!ys[0].requires_grad()) return;
  const std::vector<Tensor> sources = with_grad(xs);
  const std::vector<Tensor> plain = grad(ys, sources, {}, {.retain_graph = true});
  const std::vector<Tensor> recorded = grad(ys, sources, {}, {.create_graph = true});
  size_t k = 0;
  for (size_t i = 0; i < xs.size(); ++i) {
    if (!xs[i].requires_grad()) continue;
    compare(recorded[k].to_vector<double>(), plain[k].to_vector<double>(), i, xs[i],
            "where nothing is recorded", worst);
    ++k;
  }
}

/// The scalar whose gradient is checked: f's outputs weighed, or for order 2 its gradients weighed.
TensorFunction loss_of(const TensorFunction& f, int order) {
  return [f, order](std::span<const Tensor> xs) -> std::vector<Tensor> {
    const Tensor loss = weighted_sum(f(xs));
    if (order == 1 || !loss.requires_grad()) return {loss};
    const std::vector<Tensor> sources = with_grad(xs);
    const Tensor ys[] = {loss};
    return {weighted_sum(grad(ys, sources, {}, {.create_graph = true}))};
  };
}

}  // namespace

GradCheckResult gradcheck(const TensorFunction& f, std::span<const Tensor> xs, int order) {
  const GradMode recording(true);
  const TensorFunction loss = loss_of(f, order);
  const std::vector<Tensor> sources = with_grad(xs);
  for (const Tensor& x : sources) {
    if (x.dtype() == DType::f64) continue;
    throw DTypeError("gradcheck", "differences need f64, got " + describe(x));
  }
  const Tensor y = loss(xs)[0];
  std::vector<Tensor> analytic;
  if (y.requires_grad()) {
    const Tensor ys[] = {y};
    analytic = grad(ys, sources);
  } else {
    for (const Tensor& x : sources) analytic.push_back(zeros_like(x));
  }
  GradCheckResult worst;
  compare_differences(loss, {xs.begin(), xs.end()}, analytic, worst);
  if (order == 2) compare_recorded(f, xs, worst);
  return worst;
}

}  // namespace strata
