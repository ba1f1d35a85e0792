#pragma once

#include "strata/distributions/bernoulli.h"
#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// The number of successes in `total_count` trials, a whole number of at least 0, of probability p
/// in [0, 1]: Binomial(n, {.probs = p}), or Binomial(n, {.logits = x}) for p = sigmoid(x). Throws
/// ValueError unless one of the two is given.
class Binomial final : public Distribution {
 public:
  Binomial(const Operand& total_count, const ProbsOrLogits& parameter, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Binomial expand(const Shape& batch_shape) const;

  const Tensor& total_count() const { return total_count_; }
  Tensor probs() const { return success_.probs(); }
  /// log(p / (1 - p)), as Bernoulli's.
  Tensor logits() const { return success_.logits(); }
  /// One trial.
  const Bernoulli& success() const { return success_; }

  Tensor mean() const;
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  /// By the sum over all counts, which takes memory for as many as the largest total_count. Throws
  /// ValueError where that is above 2^31.
  Tensor entropy() const;

  /// Of the parameters' dtype; see kernels::binomial_draws (Hoermann, "The generation of binomial
  /// random variates", 1993).
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Tensor total_count_;
  Bernoulli success_;
};

/// Infinite where p counts further than q; throws ValueError where q counts further than p, for
/// which there is no closed form.
Tensor kl_divergence(const Binomial& p, const Binomial& q);

/// The number of successes, of probability p in [0, 1), before `total_count` failures, a number of
/// at least 0: NegativeBinomial(n, {.probs = p}), or {.logits = x} for p = sigmoid(x). Throws
/// ValueError unless one of the two is given.
class NegativeBinomial final : public Distribution {
 public:
  NegativeBinomial(const Operand& total_count, const ProbsOrLogits& parameter,
                   bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  NegativeBinomial expand(const Shape& batch_shape) const;

  const Tensor& total_count() const { return total_count_; }
  Tensor probs() const { return success_.probs(); }
  Tensor logits() const { return success_.logits(); }

  Tensor mean() const;
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;

  /// A Poisson draw of a gamma draw; of the parameters' dtype.
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Tensor total_count_;
  Bernoulli success_;
};

namespace internal {

/// log(n over k) + k log(p) + (n - k) log(1 - p) for p = sigmoid(logits) and 0 <= k <= n.
Tensor binomial_log_prob(const Tensor& k, const Operand& n, const Tensor& logits);

}  // namespace internal
}  // namespace strata::distributions
