#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// scale x^(1 / concentration) for an x of Exponential(1); both above 0.
class Weibull final : public Distribution {
 public:
  Weibull(const Operand& scale, const Operand& concentration, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Weibull expand(const Shape& batch_shape) const;

  const Tensor& scale() const { return scale_; }
  const Tensor& concentration() const { return concentration_; }

  Tensor mean() const;
  /// 0 for a concentration of at most 1.
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// By the inverse of the distribution function; finite and above 0.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

 private:
  Tensor scale_, concentration_;
};

}  // namespace strata::distributions
