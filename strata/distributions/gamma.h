#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The density rate^c x^(c - 1) e^(-rate x) / gamma(c) for x >= 0, concentration c and rate above
/// 0. Draws: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 2000.
class Gamma final : public Distribution {
 public:
  Gamma(const Operand& concentration, const Operand& rate, bool validate_args = true)
      : Gamma(PartOf{"Gamma"}, concentration, rate, validate_args) {}
  Gamma(PartOf whole, const Operand& concentration, const Operand& rate, bool validate_args);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Gamma expand(const Shape& batch_shape) const;

  const Tensor& concentration() const { return concentration_; }
  const Tensor& rate() const { return rate_; }

  Tensor mean() const;
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// With the gradient of Figurnov et al., "Implicit reparameterization gradients", 2018, which has
  /// no second order.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  /// Without a gradient in the concentration: see igamma.
  Tensor cdf(const Tensor& value) const;

 private:
  Tensor concentration_, rate_;
};

Tensor kl_divergence(const Gamma& p, const Gamma& q);

/// The distribution of the sum of `df` squares of standard normal numbers, df above 0 and not
/// necessarily whole: Gamma(df / 2, 1 / 2).
class Chi2 final : public Distribution {
 public:
  explicit Chi2(const Operand& df, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Chi2 expand(const Shape& batch_shape) const;

  const Tensor& df() const { return df_; }
  const Gamma& gamma() const { return gamma_; }

  Tensor mean() const { return df_; }
  Tensor mode() const { return gamma_.mode(); }
  Tensor stddev() const { return gamma_.stddev(); }
  Tensor variance() const { return gamma_.variance(); }
  Tensor entropy() const { return gamma_.entropy(); }

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// As Gamma's.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  /// Without a gradient in df, as Gamma's.
  Tensor cdf(const Tensor& value) const;

 private:
  Tensor checked(const Tensor& value) const;

  Tensor df_;
  Gamma gamma_;
};

Tensor kl_divergence(const Chi2& p, const Chi2& q);

}  // namespace strata::distributions
