#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// Angles in [-pi, pi), with the density e^(concentration cos(x - loc)) / (2 pi
/// I0(concentration)), concentration above 0: the normal distribution of the circle.
class VonMises final : public Distribution {
 public:
  VonMises(const Operand& loc, const Operand& concentration, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  VonMises expand(const Shape& batch_shape) const;

  const Tensor& loc() const { return loc_; }
  const Tensor& concentration() const { return concentration_; }

  /// On the circle, as is the variance, 1 - I1 / I0.
  Tensor mean() const { return loc_; }
  Tensor mode() const { return loc_; }
  Tensor variance() const;

  /// By rejection, exact in f64 for all concentrations; see kernels::von_mises_draws.
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Tensor loc_, concentration_;
};

}  // namespace strata::distributions
