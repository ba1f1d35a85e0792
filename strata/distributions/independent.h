#pragma once

#include <utility>

#include "strata/distributions/distribution.h"

namespace strata::distributions {

namespace internal {

/// Throws ShapeError unless the batch has so many axes.
void check_axes(int axes, const Shape& batch);
/// Throws ShapeError unless both are the same number.
void check_same_axes(int p, int q);

}  // namespace internal

/// The last `axes` axes of a distribution's batch taken for one event: log_prob and entropy are
/// summed over them, the rest is the base's. Independent(Normal(mean, stddev), 1) is a normal
/// distribution of vectors with a diagonal covariance. Throws ShapeError where the batch has fewer
/// axes.
template <AnyDistribution Base>
class Independent final : public Distribution {
 public:
  explicit Independent(Base base, int axes = 1)
      : Distribution("Independent", true), axes_(axes), base_(std::move(base)) {
    const Shape& batch = base_.batch_shape();
    internal::check_axes(axes, batch);
    const int rank = batch.rank() - axes;
    set_shapes(internal::part(batch, 0, rank),
               joined(internal::part(batch, rank, batch.rank()), base_.event_shape()));
  }

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Independent expand(const Shape& batch_shape) const {
    Independent larger = *this;
    larger.set_shapes(batch_shape, event_shape());
    larger.base_ = base_.expand(joined(batch_shape, internal::part(event_shape(), 0, axes_)));
    return larger;
  }

  const Base& base() const { return base_; }
  int axes() const { return axes_; }

  Tensor mean() const { return base_.mean(); }
  Tensor mode() const { return base_.mode(); }
  Tensor stddev() const { return base_.stddev(); }
  Tensor variance() const { return base_.variance(); }
  Tensor entropy() const { return internal::sum_last(base_.entropy(), axes_); }

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const {
    return base_.sample(shape, generator);
  }
  Tensor rsample(const Shape& shape = {},
                 Generator& generator = default_generator()) const requires Reparametrized<Base> {
    return base_.rsample(shape, generator);
  }
  Tensor log_prob(const Tensor& value) const {
    return internal::sum_last(base_.log_prob(value), axes_);
  }
  /// As Transformed's.
  Scored rsample_and_log_prob(const Shape& shape = {}, Generator& generator = default_generator())
      const requires Reparametrized<Base> {
    Scored draw = internal::scored(base_, shape, generator);
    draw.log_prob = internal::sum_last(draw.log_prob, axes_);
    return draw;
  }

 private:
  int axes_;
  Base base_;
};

/// Throws ShapeError where the two sum over different numbers of axes.
template <AnyDistribution P, AnyDistribution Q>
Tensor kl_divergence(const Independent<P>& p, const Independent<Q>& q) {
  internal::check_same_axes(p.axes(), q.axes());
  return internal::sum_last(kl_divergence(p.base(), q.base()), p.axes());
}

}  // namespace strata::distributions
