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

/// Central differences of the scalar `loss`, compared with `analytic` (one tensor an input).
GradCheckResult compare(const TensorFunction& loss, std::vector<Tensor> xs,
                        std::span<const Tensor> analytic) {
  GradCheckResult worst;
  size_t k = 0;
  for (size_t i = 0; i < xs.size(); ++i) {
    if (!xs[i].requires_grad()) continue;
    const std::vector<double> got = analytic[k++].to_vector<double>();
    std::vector<double> numeric(got.size());
    const Tensor original = xs[i];
    double scale = 1;
    for (size_t j = 0; j < numeric.size(); ++j) {
      double side[2];
      for (int s = 0; s < 2; ++s) {
        std::vector<double> moved = original.to_vector<double>();
        moved[j] += s ? -kStep : kStep;
        xs[i] = tensor(moved, original.shape()).set_requires_grad();
        side[s] = value_of(loss, xs);
      }
      numeric[j] = (side[0] - side[1]) / (2 * kStep);
      scale = std::max(scale, std::abs(numeric[j]));
    }
    xs[i] = original;
    for (size_t j = 0; j < numeric.size(); ++j) {
      const double error = std::abs(got[j] - numeric[j]) / scale;
      if (error > worst.error || std::isnan(error)) {
        worst = {error, fmt::format("input {} {}, element {}: {} against {} by differences", i,
                                    describe(original), j, got[j], numeric[j])};
      }
    }
  }
  return worst;
}

std::vector<Tensor> with_grad(std::span<const Tensor> xs) {
  std::vector<Tensor> out;
  for (const Tensor& x : xs) {
    if (x.requires_grad()) out.push_back(x);
  }
  return out;
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
  return compare(loss, {xs.begin(), xs.end()}, analytic);
}

}  // namespace strata
