#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The density a b x^(a - 1) (1 - x^a)^(b - 1) for x in [0, 1], a = concentration1 and
/// b = concentration0 above 0: near to Beta's, with a distribution function of elementary ones.
class Kumaraswamy final : public Distribution {
 public:
  Kumaraswamy(const Operand& concentration1, const Operand& concentration0,
              bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Kumaraswamy expand(const Shape& batch_shape) const;

  const Tensor& concentration1() const { return concentration1_; }
  const Tensor& concentration0() const { return concentration0_; }

  Tensor mean() const;
  /// NaN where one of the two is below 1, or both are 1.
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  /// Draws are neither 0 nor 1.
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// By the inverse of the distribution function.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

 private:
  Tensor moment(double n) const;

  Tensor concentration1_, concentration0_;
};

}  // namespace strata::distributions
