#pragma once

#include <cstdint>

#include "strata/distributions/categorical.h"
#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// How `total_count` trials fall on n classes: counts [n], for {.probs = p} or {.logits = x} as
/// Categorical's. Throws ValueError for a negative count.
class Multinomial final : public Distribution {
 public:
  Multinomial(int64_t total_count, const ProbsOrLogits& parameter, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Multinomial expand(const Shape& batch_shape) const;

  int64_t total_count() const { return total_count_; }
  Tensor probs() const { return categorical_.probs(); }
  Tensor logits() const { return categorical_.logits(); }

  Tensor mean() const;
  Tensor stddev() const;
  Tensor variance() const;
  /// By sums over all counts from 1 to total_count.
  Tensor entropy() const;

  /// Of the parameter's dtype; class by class, a binomial draw of what is left.
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  int64_t total_count_;
  Categorical categorical_;
};

}  // namespace strata::distributions
