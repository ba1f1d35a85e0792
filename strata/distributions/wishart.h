#pragma once

#include "strata/distributions/distribution.h"
#include "strata/distributions/multivariate_normal.h"

namespace strata::distributions {

/// Matrices [n, n], symmetric and positive definite: the sum of x x^T over `df` normal vectors x of
/// mean 0 and the given spread, for instance Wishart(df, {.scale_tril = l}); df above n - 1, and
/// not necessarily whole. f32 and f64 alone. Throws ShapeError, ValueError unless one spread is
/// given, and NumericError for one that is not positive definite.
class Wishart final : public Distribution {
 public:
  Wishart(const Operand& df, const Spread& spread, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Wishart expand(const Shape& batch_shape) const;

  const Tensor& df() const { return df_; }
  /// [..., n, n], which broadcasts to the batch.
  const Tensor& scale_tril() const { return scale_tril_; }
  /// [batch ..., n, n], of the vectors x, as is the precision.
  Tensor covariance() const;
  Tensor precision() const;

  Tensor mean() const;
  /// NaN for df <= n + 1.
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// By Bartlett's decomposition (1933), with the implicit gradient of Gamma's draws in df, which
  /// has no second order. For df < n rounding may make a draw singular.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// Throws NumericError for values that are not positive definite.
  Tensor log_prob(const Tensor& value) const;

 private:
  double size() const { return static_cast<double>(scale_tril_.size(-1)); }

  Tensor df_, scale_tril_;
};

/// Throws ShapeError where the events differ.
Tensor kl_divergence(const Wishart& p, const Wishart& q);

}  // namespace strata::distributions
