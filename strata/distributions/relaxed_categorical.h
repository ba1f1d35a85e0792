#pragma once

#include "strata/distributions/bernoulli.h"
#include "strata/distributions/distribution.h"

namespace strata::distributions {

/// softmax((logits + noise) / tau) along `axis`, for Gumbel noise: draws of a class that have
/// gradients (Jang et al., "Categorical reparameterization with Gumbel-softmax", 2017; Maddison et
/// al., "The concrete distribution", 2017). With `hard` the largest becomes 1 and the others 0,
/// while the gradient stays that of the softmax. Throws ValueError unless tau > 0. As
/// torch.nn.functional.gumbel_softmax.
Tensor gumbel_softmax(const Tensor& logits, double tau = 1, bool hard = false, int axis = -1,
                      Generator& generator = default_generator());

/// The distribution of gumbel_softmax's draws [n] with tau = temperature > 0, for
/// {.probs = p} or {.logits = x} of a Categorical. As PyTorch's RelaxedOneHotCategorical.
class RelaxedOneHotCategorical final : public Distribution {
 public:
  RelaxedOneHotCategorical(double temperature, const ProbsOrLogits& parameter,
                           bool validate_args = true);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  RelaxedOneHotCategorical expand(const Shape& batch_shape) const;

  double temperature() const { return temperature_; }
  Tensor probs() const;
  const Tensor& logits() const { return logits_; }

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor rsample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  Tensor log_prob(const Tensor& value) const;

 private:
  double temperature_;
  Tensor logits_;
};

}  // namespace strata::distributions
