#pragma once

#include "strata/distributions/bernoulli.h"
#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// One of n classes, along the last axis of a tensor [batch ..., n]: Categorical({.probs = p}) for
/// weights of at least 0, of which some are positive, or Categorical({.logits = x}) for the softmax
/// of x, where -infinity makes a class impossible. Throws ValueError unless one of the two is
/// given, ShapeError without classes.
class Categorical final : public Distribution {
 public:
  explicit Categorical(const ProbsOrLogits& parameter, bool validate_args = true)
      : Categorical(PartOf{"Categorical"}, parameter, validate_args) {}
  Categorical(PartOf whole, const ProbsOrLogits& parameter, bool validate_args);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Categorical expand(const Shape& batch_shape) const;

  /// The number of classes.
  int64_t classes() const;
  /// Sum 1.
  Tensor probs() const;
  /// log(probs). Probabilities given as such count as epsilon at least, as PyTorch's.
  Tensor logits() const;

  /// The likeliest class; i64.
  Tensor mode() const;
  Tensor entropy() const;

  /// Class numbers; i64, by multinomial: no class of probability 0 is drawn.
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// `value`: class numbers.
  Tensor log_prob(const Tensor& value) const;

 private:
  const Tensor& given() const { return probs_.defined() ? probs_ : logits_; }

  Tensor probs_, logits_;
};

/// Infinite where p has classes that q has not. Throws ShapeError for other numbers of classes.
Tensor kl_divergence(const Categorical& p, const Categorical& q);

/// The same with values [n] that hold a 1 for the class and zeros, of the parameter's dtype.
class OneHotCategorical final : public Distribution {
 public:
  explicit OneHotCategorical(const ProbsOrLogits& parameter, bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  OneHotCategorical expand(const Shape& batch_shape) const;

  Tensor probs() const { return categorical_.probs(); }
  Tensor logits() const { return categorical_.logits(); }
  const Categorical& categorical() const { return categorical_; }

  Tensor mean() const { return probs(); }
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const { return categorical_.entropy(); }

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// The draws with the gradient of probs: the straight-through estimator (Bengio et al.,
  /// "Estimating or propagating gradients through stochastic neurons", 2013), as PyTorch's
  /// OneHotCategoricalStraightThrough.
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Categorical categorical_;
};

Tensor kl_divergence(const OneHotCategorical& p, const OneHotCategorical& q);

}  // namespace strata::distributions
