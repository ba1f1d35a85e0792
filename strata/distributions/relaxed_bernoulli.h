#pragma once

#include "strata/distributions/bernoulli.h"
#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// (logits + noise) / temperature for logistic noise: the logit of RelaxedBernoulli's draws, to
/// which no rounding does harm. {.probs = p} or {.logits = x} as Bernoulli's; temperature above 0.
class LogitRelaxedBernoulli final : public Distribution {
 public:
  LogitRelaxedBernoulli(const Operand& temperature, const ProbsOrLogits& parameter,
                        bool validate_args = true)
      : LogitRelaxedBernoulli(PartOf{"LogitRelaxedBernoulli"}, temperature, parameter,
                              validate_args) {}
  LogitRelaxedBernoulli(PartOf whole, const Operand& temperature, const ProbsOrLogits& parameter,
                        bool validate_args);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  LogitRelaxedBernoulli expand(const Shape& batch_shape) const;

  const Tensor& temperature() const { return temperature_; }
  Tensor probs() const { return bits_.probs(); }
  Tensor logits() const { return bits_.logits(); }

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  Tensor temperature_;
  Bernoulli bits_;
};

/// The sigmoid of LogitRelaxedBernoulli's draws: numbers in (0, 1), near to 0 and 1 for a low
/// temperature, that have gradients (Maddison et al., "The concrete distribution", 2017).
class RelaxedBernoulli final : public Distribution {
 public:
  RelaxedBernoulli(const Operand& temperature, const ProbsOrLogits& parameter,
                   bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  RelaxedBernoulli expand(const Shape& batch_shape) const;

  const Tensor& temperature() const { return logit_.temperature(); }
  Tensor probs() const { return logit_.probs(); }
  Tensor logits() const { return logit_.logits(); }

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  LogitRelaxedBernoulli logit_;
};

}  // namespace strata::distributions
