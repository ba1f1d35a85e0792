#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The density alpha scale^alpha / x^(alpha + 1) for x >= scale; both above 0.
class Pareto final : public Distribution {
 public:
  Pareto(const Operand& scale, const Operand& alpha, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Pareto expand(const Shape& batch_shape) const;

  const Tensor& scale() const { return scale_; }
  const Tensor& alpha() const { return alpha_; }

  /// Infinite for alpha <= 1.
  Tensor mean() const;
  Tensor mode() const { return scale_; }
  Tensor stddev() const;
  /// Infinite for alpha <= 2.
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// scale e^(x / alpha) for an x of Exponential(1); finite.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

 private:
  void require_support(const Tensor& x) const;

  Tensor scale_, alpha_;
};

/// Infinite where p reaches below q.
Tensor kl_divergence(const Pareto& p, const Pareto& q);

/// Excesses over a limit `loc`: the density (1 + c z)^(-1 - 1 / c) / scale for
/// z = (x - loc) / scale >= 0 and 1 + c z >= 0, or e^-z / scale for a concentration c of 0; scale
/// above 0.
class GeneralizedPareto final : public Distribution {
 public:
  GeneralizedPareto(const Operand& loc, const Operand& scale, const Operand& concentration,
                    bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  GeneralizedPareto expand(const Shape& batch_shape) const;

  const Tensor& loc() const { return loc_; }
  const Tensor& scale() const { return scale_; }
  const Tensor& concentration() const { return concentration_; }

  /// NaN for c >= 1.
  Tensor mean() const;
  Tensor mode() const { return loc_; }
  Tensor stddev() const;
  /// NaN for c >= 1 / 2.
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// By the inverse of the distribution function; finite.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

 private:
  Tensor checked(const Tensor& value) const;
  /// Of the support; infinite for c >= 0.
  Tensor end() const;
  /// x for a distribution function of 1 - e^-wait.
  Tensor at(const Tensor& wait) const;

  Tensor loc_, scale_, concentration_;
};

}  // namespace strata::distributions
