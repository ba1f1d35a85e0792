#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The density 1 / (pi scale (1 + ((x - loc) / scale)^2)), scale above 0: Student's with one degree
/// of freedom, the ratio of two normal numbers.
class Cauchy final : public Distribution {
 public:
  Cauchy(const Operand& loc, const Operand& scale, bool validate_args = true)
      : Cauchy(PartOf{"Cauchy"}, loc, scale, validate_args) {}
  Cauchy(PartOf whole, const Operand& loc, const Operand& scale, bool validate_args);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Cauchy expand(const Shape& batch_shape) const;

  const Tensor& loc() const { return loc_; }
  const Tensor& scale() const { return scale_; }

  /// NaN: it has none.
  Tensor mean() const;
  Tensor mode() const { return loc_; }
  /// Infinite.
  Tensor stddev() const { return variance(); }
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// By the inverse of the distribution function; finite, also in f16.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

 private:
  Tensor loc_, scale_;
};

Tensor kl_divergence(const Cauchy& p, const Cauchy& q);

/// The distribution of |x| for an x of Cauchy(0, scale).
class HalfCauchy final : public Distribution {
 public:
  explicit HalfCauchy(const Operand& scale, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  HalfCauchy expand(const Shape& batch_shape) const;

  const Tensor& scale() const { return whole_.scale(); }

  /// Infinite, as are the next two.
  Tensor mean() const { return whole_.variance(); }
  Tensor stddev() const { return whole_.variance(); }
  Tensor variance() const { return whole_.variance(); }
  Tensor mode() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// -infinity below 0 where arguments are not checked.
  Tensor log_prob(const Tensor& value) const;
  Tensor cdf(const Tensor& value) const;
  /// The inverse of cdf.
  Tensor icdf(const Tensor& probability) const;

 private:
  Cauchy whole_;
};

Tensor kl_divergence(const HalfCauchy& p, const HalfCauchy& q);

}  // namespace strata::distributions
