#pragma once

#include "strata/distributions/bernoulli.h"
#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The density proportional to p^x (1 - p)^(1 - x) for x in [0, 1]: ContinuousBernoulli({.probs =
/// p}) for p in [0, 1], or {.logits = x} for p = sigmoid(x). Throws ValueError unless one of the
/// two is given. Source: Loaiza-Ganem and Cunningham, "The continuous Bernoulli", 2019. For p
/// within 0.001 of 1 / 2 it computes by Taylor series, as PyTorch.
class ContinuousBernoulli final : public Distribution {
 public:
  explicit ContinuousBernoulli(const ProbsOrLogits& parameter, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  ContinuousBernoulli expand(const Shape& batch_shape) const;

  /// Within the dtype's epsilon of 0 and 1, as PyTorch's; not the mean.
  Tensor probs() const;
  Tensor logits() const { return bits_.logits(); }

  Tensor mean() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// By the inverse of the distribution function.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

  /// The logarithm of what p^x (1 - p)^(1 - x) is multiplied with.
  Tensor log_norm() const;

 private:
  /// Whether p is far enough from 1 / 2, and its logit where it is, else another's that is.
  Tensor apart() const;
  Tensor logits_apart() const;

  Bernoulli bits_;
};

Tensor kl_divergence(const ContinuousBernoulli& p, const ContinuousBernoulli& q);

}  // namespace strata::distributions
