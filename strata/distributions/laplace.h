#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The density e^(-|x - loc| / scale) / (2 scale), scale above 0.
class Laplace final : public Distribution {
 public:
  Laplace(const Operand& loc, const Operand& scale, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Laplace expand(const Shape& batch_shape) const;

  const Tensor& loc() const { return loc_; }
  const Tensor& scale() const { return scale_; }

  Tensor mean() const { return loc_; }
  Tensor mode() const { return loc_; }
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
  Tensor loc_, scale_;
};

Tensor kl_divergence(const Laplace& p, const Laplace& q);

}  // namespace strata::distributions
