#pragma once

#include <cstdint>

#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// Cholesky factors [n, n] of correlation matrices, whose density is proportional to the
/// determinant to the power concentration - 1: 1 makes all alike, more favours weak correlations.
/// Source: Lewandowski, Kurowicka and Joe, "Generating random correlation matrices based on vines
/// and extended onion method", 2009. Throws ValueError for n < 2.
class LKJCholesky final : public Distribution {
 public:
  explicit LKJCholesky(int64_t n, const Operand& concentration = 1, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  LKJCholesky expand(const Shape& batch_shape) const;

  const Tensor& concentration() const { return concentration_; }

  /// By the onion method.
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  double size() const { return static_cast<double>(event_shape()[0]); }

  Tensor concentration_;
};

}  // namespace strata::distributions
