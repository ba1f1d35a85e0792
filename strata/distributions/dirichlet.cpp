#include "strata/distributions/dirichlet.h"

#include "strata/base/error.h"
#include "strata/base/least_normal.h"
#include "strata/distributions/noise.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/softmax.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace {

Tensor sum_of(const Tensor& concentration) { return sum(concentration, {-1}); }

/// log B(concentration), the constant of the density.
Tensor log_beta(const Tensor& concentration) {
  return sum(lgamma(concentration), {-1}) - lgamma(sum_of(concentration));
}

}  // namespace

Dirichlet::Dirichlet(const Tensor& concentration, bool validate_args)
    : Distribution("Dirichlet", validate_args),
      concentration_(broadcast({{"concentration", concentration}})[0]) {
  const int rank = concentration.rank();
  if (rank == 0) {
    throw ShapeError("Dirichlet",
                     "concentration must have an axis, got " + describe(concentration));
  }
  set_shapes(internal::part(concentration.shape(), 0, rank - 1), {concentration.size(-1)});
  require_positive("concentration", concentration_);
}

Dirichlet Dirichlet::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Dirichlet::concentration_);
}

Tensor Dirichlet::mean() const { return concentration_ / sum(concentration_, {-1}, true); }

Tensor Dirichlet::mode() const {
  const Tensor above = clamp(concentration_ - 1, 0);
  // Where all are below 1 every corner is a mode: the first, as in PyTorch.
  const Tensor corner =
      arange(0, static_cast<double>(above.size(-1)), 1, DType::i64, above.device()) == 0;
  const Tensor corners = strata::all(concentration_ < 1, {-1}, true);
  return where(corners, where(corner, ones_like(above), 0), above / sum(above, {-1}, true));
}

Tensor Dirichlet::stddev() const { return sqrt(variance()); }

Tensor Dirichlet::variance() const {
  const Tensor total = sum(concentration_, {-1}, true);
  return concentration_ * (total - concentration_) / (square(total) * (total + 1));
}

Tensor Dirichlet::entropy() const {
  const Tensor total = sum_of(concentration_);
  return log_beta(concentration_) +
         (total - static_cast<double>(concentration_.size(-1))) * digamma(total) -
         sum((concentration_ - 1) * digamma(concentration_), {-1});
}

Tensor Dirichlet::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Dirichlet::rsample(const Shape& shape, Generator& generator) const {
  const Tensor wide = strata::internal::widened(concentration_);
  const Tensor logs =
      internal::log_standard_gamma(strata::expand(wide, draw_shape(shape)), generator);
  const DType dtype = concentration_.dtype();
  return clamp(cast(softmax(logs), dtype), least_normal(dtype));
}

Tensor Dirichlet::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, concentration_.dtype());
  require_simplex(x);
  return sum(xlogy(concentration_ - 1, x), {-1}) - log_beta(concentration_);
}

Tensor kl_divergence(const Dirichlet& p, const Dirichlet& q) {
  internal::check_same_events(p, q);
  const Tensor &a = p.concentration(), &b = q.concentration();
  const Tensor expected_log = digamma(a) - digamma(sum(a, {-1}, true));
  return log_beta(b) - log_beta(a) + sum((a - b) * expected_log, {-1});
}

Beta::Beta(const Operand& concentration1, const Operand& concentration0, bool validate_args)
    : Distribution("Beta", validate_args) {
  const auto p =
      broadcast({{"concentration1", concentration1}, {"concentration0", concentration0}});
  concentration1_ = p[0];
  concentration0_ = p[1];
  require_positive("concentration1", concentration1_);
  require_positive("concentration0", concentration0_);
}

Beta Beta::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Beta::concentration1_, &Beta::concentration0_);
}

namespace {

Dirichlet pair_of(const Beta& beta) {
  return Dirichlet(stack({beta.concentration1(), beta.concentration0()}, -1), false);
}

}  // namespace

Tensor Beta::mean() const { return concentration1_ / (concentration1_ + concentration0_); }

Tensor Beta::mode() const { return select(pair_of(*this).mode(), -1, 0); }

Tensor Beta::stddev() const { return sqrt(variance()); }

Tensor Beta::variance() const {
  const Tensor total = concentration1_ + concentration0_;
  return concentration1_ * concentration0_ / (square(total) * (total + 1));
}

Tensor Beta::entropy() const { return pair_of(*this).entropy(); }

Tensor Beta::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor Beta::rsample(const Shape& shape, Generator& generator) const {
  const Shape all = draw_shape(shape);
  const auto logs = [&](const Tensor& concentration) {
    return internal::log_standard_gamma(
        strata::expand(strata::internal::widened(concentration), all), generator);
  };
  const Tensor log1 = logs(concentration1_), log0 = logs(concentration0_);
  const DType dtype = concentration1_.dtype();
  return clamp(cast(sigmoid(log1 - log0), dtype), least_normal(dtype),
               1 - internal::epsilon(dtype) / 2);
}

Tensor Beta::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, concentration1_.dtype());
  require("value", x, "in [0, 1]", [&] { return logical_and(x >= 0, x <= 1); });
  return xlogy(concentration1_ - 1, x) + xlogy(concentration0_ - 1, 1 - x) -
         lgamma(concentration1_) - lgamma(concentration0_) +
         lgamma(concentration1_ + concentration0_);
}

Tensor kl_divergence(const Beta& p, const Beta& q) { return kl_divergence(pair_of(p), pair_of(q)); }

}  // namespace strata::distributions
