#pragma once

#include "strata/distributions/distribution.h"
#include "strata/distributions/normal.h"

namespace strata::distributions {

/// Vectors [n + 1] of sum 1: StickBreaking of n normal numbers, which are the last axis of loc and
/// scale. Numbers count as vectors of one.
class LogisticNormal final : public Distribution {
 public:
  LogisticNormal(const Operand& loc, const Operand& scale, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  LogisticNormal expand(const Shape& batch_shape) const;

  const Tensor& loc() const { return normal_.loc(); }
  const Tensor& scale() const { return normal_.scale(); }
  const Normal& normal() const { return normal_; }

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Normal normal_;
};

/// Throws ShapeError where the events differ.
Tensor kl_divergence(const LogisticNormal& p, const LogisticNormal& q);

}  // namespace strata::distributions
