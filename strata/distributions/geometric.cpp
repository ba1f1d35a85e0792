#include "strata/distributions/geometric.h"

#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

Geometric::Geometric(const ProbsOrLogits& parameter, bool validate_args)
    : Distribution("Geometric", validate_args), success_(PartOf{name()}, parameter, validate_args) {
  set_shapes(success_.batch_shape(), {});
  if (parameter.probs.defined()) require_positive("probs", success_.probs());
}

Geometric Geometric::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Geometric::success_);
}

Tensor Geometric::probs() const { return success_.probs(); }

Tensor Geometric::logits() const { return success_.logits(); }

Tensor Geometric::mean() const { return 1 / probs() - 1; }

Tensor Geometric::mode() const { return zeros_like(probs()); }

Tensor Geometric::stddev() const { return sqrt(variance()); }

Tensor Geometric::variance() const {
  const Tensor p = probs();
  return (1 / p - 1) / p;
}

Tensor Geometric::entropy() const { return success_.entropy() / probs(); }

Tensor Geometric::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  const Tensor p = probs(), wide = strata::internal::widened(p);
  const Tensor u = internal::open_uniform(draw_shape(shape), p, generator);
  return cast(floor(log(u) / log1p(-wide)), p.dtype());
}

Tensor Geometric::log_prob(const Tensor& value) const {
  const Tensor p = probs(), x = fitting(value, p.dtype());
  require("value", x, "a count", [&] { return internal::is_count(x); });
  // 0 log(0) is 0 here, with a gradient that is finite.
  const Tensor failing = where(logical_and(p == 1, x == 0), 0, p);
  return x * log1p(-failing) + log(p);
}

Tensor kl_divergence(const Geometric& p, const Geometric& q) {
  return -p.entropy() - log1p(-q.probs()) / p.probs() - q.logits();
}

}  // namespace strata::distributions
