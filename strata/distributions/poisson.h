#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// Counts k with probability rate^k e^-rate / k!, rate at least 0. Draws: see
/// kernels::poisson_draws (Hoermann, "The transformed rejection method for generating Poisson
/// random variables", 1993).
class Poisson final : public Distribution {
 public:
  explicit Poisson(const Operand& rate, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Poisson expand(const Shape& batch_shape) const;

  const Tensor& rate() const { return rate_; }

  Tensor mean() const { return rate_; }
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const { return rate_; }

  /// Of the rate's dtype.
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Tensor rate_;
};

Tensor kl_divergence(const Poisson& p, const Poisson& q);

}  // namespace strata::distributions
