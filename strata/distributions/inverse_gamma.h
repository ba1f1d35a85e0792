#pragma once

#include "strata/distributions/distribution.h"
#include "strata/distributions/gamma.h"

namespace strata::distributions {

/// The distribution of 1 / x for an x of Gamma(concentration, rate).
class InverseGamma final : public Distribution {
 public:
  InverseGamma(const Operand& concentration, const Operand& rate, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  InverseGamma expand(const Shape& batch_shape) const;

  const Tensor& concentration() const { return gamma_.concentration(); }
  const Tensor& rate() const { return gamma_.rate(); }
  const Gamma& gamma() const { return gamma_; }

  /// Infinite for a concentration of at most 1.
  Tensor mean() const;
  Tensor mode() const;
  Tensor stddev() const;
  /// Infinite for a concentration of at most 2.
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// With the implicit gradient of Gamma's draws, which has no second order; finite and above 0.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  /// As Gamma's, without a gradient in the concentration.
  Tensor cdf(const Tensor& value) const;

 private:
  Gamma gamma_;
};

Tensor kl_divergence(const InverseGamma& p, const InverseGamma& q);

}  // namespace strata::distributions
