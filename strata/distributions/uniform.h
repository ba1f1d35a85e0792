#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// Uniform in [low, high), low < high.
class Uniform final : public Distribution {
 public:
  Uniform(const Operand& low, const Operand& high, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Uniform expand(const Shape& batch_shape) const;

  const Tensor& low() const { return low_; }
  const Tensor& high() const { return high_; }

  Tensor mean() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// low + (high - low) u for u from rand.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// -infinity for `high` itself, which is a valid value as in PyTorch.
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

 private:
  void require_support(const Tensor& x) const;

  Tensor low_, high_;
};

/// Infinite where p reaches beyond q.
Tensor kl_divergence(const Uniform& p, const Uniform& q);

}  // namespace strata::distributions
