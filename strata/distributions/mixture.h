#pragma once

#include <utility>

#include "strata/distributions/categorical.h"
#include "strata/distributions/distribution.h"

namespace strata::distributions {

namespace internal {

/// `mixture` for the batch of the components, which has one axis more: the components' own. Throws
/// ShapeError where they do not fit.
Categorical fitting_mixture(const Categorical& mixture, const Shape& components);
/// A new axis in front of the last `events`.
Tensor with_component_axis(const Tensor& value, int events);
/// log(sum(probs e^log_probs)) over the last axis.
Tensor mixed(const Tensor& log_probs, const Tensor& logits);
/// sum(probs values) over the axis of the components.
Tensor averaged(const Tensor& values, const Tensor& probs, int events);
/// The values of the components that `index` names.
Tensor chosen(const Tensor& values, const Tensor& index, int events);
/// averaged(variances + (means - average)^2).
Tensor mixed_variance(const Tensor& means, const Tensor& variances, const Tensor& probs,
                      int events);

}  // namespace internal

/// A draw from one of n components of a kind, which `mixture` chooses: the components are the last
/// axis of their batch. MixtureSameFamily(Categorical({.logits = w}), Normal(means, stddevs)) is
/// what mixture density networks (Bishop, 1994) give. Throws ShapeError where the number of
/// components or the batches differ.
template <AnyDistribution Component>
class MixtureSameFamily final : public Distribution {
 public:
  MixtureSameFamily(const Categorical& mixture, Component components)
      : Distribution("MixtureSameFamily", true),
        mixture_(internal::fitting_mixture(mixture, components.batch_shape())),
        components_(std::move(components)) {
    set_shapes(mixture_.batch_shape(), components_.event_shape());
  }

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  MixtureSameFamily expand(const Shape& batch_shape) const {
    MixtureSameFamily larger = *this;
    larger.set_shapes(batch_shape, event_shape());
    larger.mixture_ = mixture_.expand(batch_shape);
    larger.components_ = components_.expand(joined(batch_shape, {mixture_.classes()}));
    return larger;
  }

  const Categorical& mixture() const { return mixture_; }
  const Component& components() const { return components_; }

  Tensor mean() const { return internal::averaged(components_.mean(), mixture_.probs(), events()); }
  Tensor variance() const {
    return internal::mixed_variance(components_.mean(), components_.variance(), mixture_.probs(),
                                    events());
  }

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const {
    const Tensor index = mixture_.sample(shape, generator);
    return internal::chosen(components_.sample(shape, generator), index, events());
  }
  Tensor log_prob(const Tensor& value) const {
    const Tensor x = internal::with_component_axis(value, events());
    return internal::mixed(components_.log_prob(x), mixture_.logits());
  }
  Tensor cdf(const Tensor& value) const {
    const Tensor x = internal::with_component_axis(value, 0);
    return internal::averaged(components_.cdf(x), mixture_.probs(), 0);
  }

 private:
  int events() const { return event_shape().rank(); }

  Categorical mixture_;
  Component components_;
};

}  // namespace strata::distributions
