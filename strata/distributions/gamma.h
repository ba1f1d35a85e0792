#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The density rate^c x^(c - 1) e^(-rate x) / gamma(c) for x >= 0, concentration c and rate above
/// 0. Draws: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 2000.
class Gamma final : public Distribution {
 public:
  Gamma(const Operand& concentration, const Operand& rate, bool validate_args = true);

  const Tensor& concentration() const { return concentration_; }
  const Tensor& rate() const { return rate_; }

  Tensor mean() const;
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// With the gradient of Figurnov et al., "Implicit reparameterization gradients", 2018, which has
  /// no second order.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Tensor concentration_, rate_;
};

Tensor kl_divergence(const Gamma& p, const Gamma& q);

}  // namespace strata::distributions
