#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// loc - scale log(-log(u)) of a uniform u, scale above 0: the distribution of a maximum.
class Gumbel final : public Distribution {
 public:
  Gumbel(const Operand& loc, const Operand& scale, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Gumbel expand(const Shape& batch_shape) const;

  const Tensor& loc() const { return loc_; }
  const Tensor& scale() const { return scale_; }

  Tensor mean() const;
  Tensor mode() const { return loc_; }
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

 private:
  Tensor loc_, scale_;
};

Tensor kl_divergence(const Gumbel& p, const Gumbel& q);

}  // namespace strata::distributions
