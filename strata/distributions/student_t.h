#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// loc + scale t for a t of Student's distribution with `df` degrees of freedom; df and scale above
/// 0.
class StudentT final : public Distribution {
 public:
  explicit StudentT(const Operand& df, const Operand& loc = 0, const Operand& scale = 1,
                    bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  StudentT expand(const Shape& batch_shape) const;

  const Tensor& df() const { return df_; }
  const Tensor& loc() const { return loc_; }
  const Tensor& scale() const { return scale_; }

  /// NaN for df <= 1.
  Tensor mean() const;
  Tensor mode() const { return loc_; }
  Tensor stddev() const;
  /// Infinite for df <= 2, NaN for df <= 1.
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// A normal draw by the root of a gamma draw, with the latter's implicit gradient, which has no
  /// second order.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Tensor df_, loc_, scale_;
};

}  // namespace strata::distributions
