#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The distribution of n numbers of sum 1 with the density proportional to their product, number i
/// to the power concentration[..., i] - 1; concentrations [batch ..., n] above 0. Draws: gamma
/// draws divided by their sum, computed from their logarithms, so that small concentrations do no
/// harm.
class Dirichlet final : public Distribution {
 public:
  explicit Dirichlet(const Tensor& concentration, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Dirichlet expand(const Shape& batch_shape) const;

  const Tensor& concentration() const { return concentration_; }

  Tensor mean() const;
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// With the implicit gradient of Gamma's draws, which has no second order.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Tensor concentration_;
};

/// Throws ShapeError where the events differ.
Tensor kl_divergence(const Dirichlet& p, const Dirichlet& q);

/// The density x^(a - 1) (1 - x)^(b - 1) / B(a, b) for x in [0, 1], a = concentration1 and
/// b = concentration0 above 0: one of the two numbers of a Dirichlet distribution.
class Beta final : public Distribution {
 public:
  Beta(const Operand& concentration1, const Operand& concentration0, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Beta expand(const Shape& batch_shape) const;

  const Tensor& concentration1() const { return concentration1_; }
  const Tensor& concentration0() const { return concentration0_; }

  Tensor mean() const;
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  /// Draws are neither 0 nor 1.
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// With the implicit gradient of Gamma's draws, which has no second order.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Tensor concentration1_, concentration0_;
};

Tensor kl_divergence(const Beta& p, const Beta& q);

}  // namespace strata::distributions
