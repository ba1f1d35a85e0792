#pragma once

#include "strata/distributions/distribution.h"
#include "strata/distributions/multivariate_normal.h"

namespace strata::distributions {

/// Normal vectors of mean `loc` [..., n] and covariance W W^T + D, for a `cov_factor` W [..., n, m]
/// of few columns and the diagonal `cov_diag` [..., n] of D, above 0; the axes in front broadcast.
/// No matrix [n, n] is made but where one is asked for. f32 and f64 alone. Throws ShapeError.
class LowRankMultivariateNormal final : public Distribution {
 public:
  LowRankMultivariateNormal(const Tensor& loc, const Tensor& cov_factor, const Tensor& cov_diag,
                            bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  LowRankMultivariateNormal expand(const Shape& batch_shape) const;

  const Tensor& loc() const { return loc_; }
  /// [..., n, m] and [..., n], which broadcast to the batch, as does the next one.
  const Tensor& cov_factor() const { return cov_factor_; }
  const Tensor& cov_diag() const { return cov_diag_; }
  /// L [..., m, m] of L L^T = 1 + W^T D^-1 W.
  const Tensor& capacitance_tril() const { return capacitance_tril_; }
  /// [batch ..., n, n].
  Tensor covariance() const;
  Tensor precision() const;
  Tensor scale_tril() const;

  Tensor mean() const { return loc_; }
  Tensor mode() const { return loc_; }
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// loc + W noise + sqrt(D) noise.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Shape matrix_shape() const;

  Tensor loc_, cov_factor_, cov_diag_, capacitance_tril_;
};

/// All throw ShapeError where the events differ.
Tensor kl_divergence(const LowRankMultivariateNormal& p, const LowRankMultivariateNormal& q);
Tensor kl_divergence(const MultivariateNormal& p, const LowRankMultivariateNormal& q);
Tensor kl_divergence(const LowRankMultivariateNormal& p, const MultivariateNormal& q);

}  // namespace strata::distributions
