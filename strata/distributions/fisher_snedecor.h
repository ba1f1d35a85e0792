#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The distribution of (a / df1) / (b / df2) for an a of Chi2(df1) and a b of Chi2(df2), the F
/// distribution; both above 0.
class FisherSnedecor final : public Distribution {
 public:
  FisherSnedecor(const Operand& df1, const Operand& df2, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  FisherSnedecor expand(const Shape& batch_shape) const;

  const Tensor& df1() const { return df1_; }
  const Tensor& df2() const { return df2_; }

  /// NaN for df2 <= 2.
  Tensor mean() const;
  /// NaN for df1 <= 2.
  Tensor mode() const;
  Tensor stddev() const;
  /// NaN for df2 <= 4.
  Tensor variance() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// A ratio of gamma draws, with their implicit gradient, which has no second order; finite and
  /// above 0.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Tensor df1_, df2_;
};

}  // namespace strata::distributions
