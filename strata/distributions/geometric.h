#pragma once

#include "strata/distributions/bernoulli.h"
#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The number of failures before the first success, of probability p in (0, 1]:
/// Geometric({.probs = p}), or Geometric({.logits = x}) for p = sigmoid(x). Throws ValueError
/// unless one of the two is given.
class Geometric final : public Distribution {
 public:
  explicit Geometric(const ProbsOrLogits& parameter, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Geometric expand(const Shape& batch_shape) const;

  Tensor probs() const;
  /// log(p / (1 - p)), as Bernoulli's.
  Tensor logits() const;

  Tensor mean() const;
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  /// By the inverse of the distribution function; of the parameter's dtype.
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Bernoulli success_;
};

Tensor kl_divergence(const Geometric& p, const Geometric& q);

}  // namespace strata::distributions
