#pragma once

#include "strata/distributions/distribution.h"
#include "strata/distributions/normal.h"

namespace strata::distributions {

/// The distribution of |x| for an x of Normal(0, scale).
class HalfNormal final : public Distribution {
 public:
  explicit HalfNormal(const Operand& scale, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  HalfNormal expand(const Shape& batch_shape) const;

  const Tensor& scale() const { return whole_.scale(); }

  Tensor mean() const;
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// -infinity below 0 where arguments are not checked.
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

 private:
  Normal whole_;
};

Tensor kl_divergence(const HalfNormal& p, const HalfNormal& q);

}  // namespace strata::distributions
