#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The density rate e^(-rate x) for x >= 0, rate above 0.
class Exponential final : public Distribution {
 public:
  explicit Exponential(const Operand& rate, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Exponential expand(const Shape& batch_shape) const;

  const Tensor& rate() const { return rate_; }

  Tensor mean() const;
  Tensor mode() const;
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

 private:
  Tensor rate_;
};

Tensor kl_divergence(const Exponential& p, const Exponential& q);

}  // namespace strata::distributions
