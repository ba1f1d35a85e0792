#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The normal distribution of mean `loc` and standard deviation `scale` above 0. Draws: randn's
/// (Box and Muller, 1958).
class Normal final : public Distribution {
 public:
  Normal(const Operand& loc, const Operand& scale, bool validate_args = true)
      : Normal(PartOf{"Normal"}, loc, scale, validate_args) {}
  Normal(PartOf whole, const Operand& loc, const Operand& scale, bool validate_args);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Normal expand(const Shape& batch_shape) const;

  const Tensor& loc() const { return loc_; }
  const Tensor& scale() const { return scale_; }

  Tensor mean() const { return loc_; }
  Tensor mode() const { return loc_; }
  Tensor stddev() const { return scale_; }
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// loc + scale noise (Kingma and Welling, "Auto-encoding variational Bayes", 2014).
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

 private:
  Tensor loc_, scale_;
};

/// The Kullback-Leibler divergence of q from p, of the shape that their batches broadcast to; so
/// for the other distributions.
Tensor kl_divergence(const Normal& p, const Normal& q);

/// The distribution of e^x for a normal x of mean `loc` and standard deviation `scale`.
class LogNormal final : public Distribution {
 public:
  LogNormal(const Operand& loc, const Operand& scale, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  LogNormal expand(const Shape& batch_shape) const;

  const Tensor& loc() const { return normal_.loc(); }
  const Tensor& scale() const { return normal_.scale(); }

  Tensor mean() const;
  Tensor mode() const;
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
  Normal normal_;
};

Tensor kl_divergence(const LogNormal& p, const LogNormal& q);

}  // namespace strata::distributions
