#pragma once

#include <concepts>

#include "strata/distributions/bernoulli.h"
#include "strata/distributions/binomial.h"
#include "strata/distributions/continuous_bernoulli.h"
#include "strata/distributions/dirichlet.h"
#include "strata/distributions/distribution.h"
#include "strata/distributions/exponential.h"
#include "strata/distributions/gamma.h"
#include "strata/distributions/gumbel.h"
#include "strata/distributions/laplace.h"
#include "strata/distributions/normal.h"
#include "strata/distributions/pareto.h"
#include "strata/distributions/poisson.h"
#include "strata/distributions/uniform.h"

// kl_divergence between distributions of different kinds; that of two of one kind is beside them.
// The pairs are PyTorch's, and the result has the shape that the two batches broadcast to. Where p
// has values that q has not, it is infinite.
namespace strata::distributions {

Tensor kl_divergence(const Bernoulli& p, const Poisson& q);

Tensor kl_divergence(const Beta& p, const ContinuousBernoulli& q);
Tensor kl_divergence(const Beta& p, const Exponential& q);
Tensor kl_divergence(const Beta& p, const Gamma& q);
Tensor kl_divergence(const Beta& p, const Normal& q);
Tensor kl_divergence(const Beta& p, const Uniform& q);

Tensor kl_divergence(const ContinuousBernoulli& p, const Exponential& q);
Tensor kl_divergence(const ContinuousBernoulli& p, const Normal& q);
Tensor kl_divergence(const ContinuousBernoulli& p, const Uniform& q);

Tensor kl_divergence(const Exponential& p, const Gamma& q);
Tensor kl_divergence(const Exponential& p, const Gumbel& q);
Tensor kl_divergence(const Exponential& p, const Normal& q);

Tensor kl_divergence(const Gamma& p, const Exponential& q);
Tensor kl_divergence(const Gamma& p, const Gumbel& q);
Tensor kl_divergence(const Gamma& p, const Normal& q);

Tensor kl_divergence(const Gumbel& p, const Normal& q);
Tensor kl_divergence(const Laplace& p, const Normal& q);
Tensor kl_divergence(const Normal& p, const Gumbel& q);
Tensor kl_divergence(const Normal& p, const Laplace& q);

/// Infinite for alpha <= 1, as the next one; for alpha <= 2 the third.
Tensor kl_divergence(const Pareto& p, const Exponential& q);
Tensor kl_divergence(const Pareto& p, const Gamma& q);
Tensor kl_divergence(const Pareto& p, const Normal& q);

Tensor kl_divergence(const Uniform& p, const Beta& q);
Tensor kl_divergence(const Uniform& p, const ContinuousBernoulli& q);
Tensor kl_divergence(const Uniform& p, const Exponential& q);
Tensor kl_divergence(const Uniform& p, const Gamma& q);
Tensor kl_divergence(const Uniform& p, const Gumbel& q);
Tensor kl_divergence(const Uniform& p, const Normal& q);
Tensor kl_divergence(const Uniform& p, const Pareto& q);

namespace internal {

template <class D, class... Kinds>
concept OneOf = (std::same_as<D, Kinds> || ...);

/// By their values: all numbers, those above 0, those in [0, 1].
template <class D>
concept OnLine = OneOf<D, Normal, Laplace, Gumbel>;
template <class D>
concept OnHalf = OneOf<D, Exponential, Gamma>;
template <class D>
concept OnUnit = OneOf<D, Beta, ContinuousBernoulli>;

/// Pairs of which p always has values that q has not.
template <class P, class Q>
concept Beyond = (OnLine<P> && (OnHalf<Q> || OnUnit<Q> || OneOf<Q, Pareto, Uniform>)) ||
                 (OnHalf<P> && (OnUnit<Q> || OneOf<Q, Pareto, Uniform>)) ||
                 (OnUnit<P> && OneOf<Q, Pareto>) ||
                 (OneOf<P, Pareto> && (OnUnit<Q> || OneOf<Q, Uniform>)) ||
                 (OneOf<P, Poisson> && OneOf<Q, Bernoulli, Binomial>);

/// Infinity of the shape that the two broadcast to, and of p's dtype.
Tensor infinite(const Tensor& p, const Tensor& q);

}  // namespace internal

/// Infinite.
template <class P, class Q>
requires internal::Beyond<P, Q> Tensor kl_divergence(const P& p, const Q& q) {
  return internal::infinite(p.mean(), q.mean());
}

}  // namespace strata::distributions
