#pragma once

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The spread of a MultivariateNormal: one of the three [..., n, n].
struct Spread {
  Tensor scale_tril = {};  ///< lower triangular with a positive diagonal: L of covariance = L L^T
  Tensor covariance = {};  ///< symmetric, positive definite
  Tensor precision = {};   ///< the inverse of the covariance
};

/// Normal vectors of mean `loc` [..., n] and, for instance, MultivariateNormal(loc,
/// {.covariance = c}); the axes in front broadcast. f32 and f64 alone. Throws ShapeError,
/// ValueError unless one spread is given, and NumericError for one that is not positive definite.
class MultivariateNormal final : public Distribution {
 public:
  MultivariateNormal(const Tensor& loc, const Spread& spread, bool validate_args = true)
      : MultivariateNormal(PartOf{"MultivariateNormal"}, loc, spread, validate_args) {}
  MultivariateNormal(PartOf whole, const Tensor& loc, const Spread& spread, bool validate_args);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  MultivariateNormal expand(const Shape& batch_shape) const;

  const Tensor& loc() const { return loc_; }
  /// [..., n, n], which broadcasts to the batch.
  const Tensor& scale_tril() const { return scale_tril_; }
  /// [batch ..., n, n].
  Tensor covariance() const;
  Tensor precision() const;

  Tensor mean() const { return loc_; }
  Tensor mode() const { return loc_; }
  Tensor stddev() const;
  /// The covariance's diagonal.
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// loc + L noise.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Shape matrix_shape() const;

  Tensor loc_, scale_tril_;
};

/// Throws ShapeError where the events differ.
Tensor kl_divergence(const MultivariateNormal& p, const MultivariateNormal& q);

}  // namespace strata::distributions
