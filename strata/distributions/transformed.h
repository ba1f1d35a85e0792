#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

#include "strata/distributions/distribution.h"
#include "strata/distributions/normal.h"
#include "strata/distributions/transforms.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

/// The distribution of y = transform(x) for an x of `base`. Transforms follow one another as
/// Transformed(Transformed(base, first), second) or Transformed(base, Compose{first, second}). As
/// TransformedDistribution (Rezende and Mohamed, "Variational inference with normalizing flows",
/// 2015). A Map that is no Transform has draws alone. Throws ShapeError where the transform couples
/// more axes than there are.
template <AnyDistribution Base, Map T>
class Transformed final : public Distribution {
 public:
  explicit Transformed(Base base, T transform = {}, bool validate_args = true)
      : Distribution("Transformed", validate_args),
        base_(std::move(base)),
        transform_(std::move(transform)) {
    const Shape before = joined(base_.batch_shape(), base_.event_shape());
    internal::check_coupled(kCoupled, before);
    const Shape whole = internal::shape_after(transform_, before);
    const int batch = whole.rank() - event_axes();
    set_shapes(internal::part(whole, 0, batch), internal::part(whole, batch, whole.rank()));
  }

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Transformed expand(const Shape& batch_shape) const {
    Transformed larger = *this;
    larger.set_shapes(batch_shape, event_shape());
    const Shape& inner = base_.batch_shape();  // its last axes may be the transform's
    larger.base_ = base_.expand(
        joined(batch_shape, internal::part(inner, this->batch_shape().rank(), inner.rank())));
    return larger;
  }

  const Base& base() const { return base_; }
  const T& transform() const { return transform_; }

  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const {
    const NoGrad no_grad;
    return transform_.forward(base_.sample(shape, generator));
  }
  Tensor rsample(const Shape& shape = {},
                 Generator& generator = default_generator()) const requires Reparametrized<Base> {
    return transform_.forward(base_.rsample(shape, generator));
  }
  Tensor log_prob(const Tensor& value) const requires Transform<T> {
    const Tensor y = fitting(value, DType::f32);
    if constexpr (requires { transform_.valid(y); }) {
      require("value", y, "a result of the transform", [&] { return transform_.valid(y); });
    }
    const Tensor x = transform_.inverse(y);
    return moved(base_.log_prob(x), x, y);
  }
  /// A draw of rsample and its log_prob, computed from what was transformed: right where the
  /// transform rounds to a value that has no inverse, as tanh does to 1.
  Scored rsample_and_log_prob(const Shape& shape = {}, Generator& generator = default_generator())
      const requires Reparametrized<Base> && Transform<T> {
    const Scored draw = internal::scored(base_, shape, generator);
    const Tensor y = transform_.forward(draw.value);
    return {y, moved(draw.log_prob, draw.value, y)};
  }

 private:
  static constexpr int kCoupled = internal::coupled_axes<T>();

  int event_axes() const { return std::max(kCoupled, base_.event_shape().rank()); }

  /// log p(y) from log p(x).
  Tensor moved(const Tensor& log_prob, const Tensor& x, const Tensor& y) const {
    const Tensor density = internal::sum_last(log_prob, event_axes() - base_.event_shape().rank());
    const Tensor stretch =
        internal::sum_last(transform_.log_abs_det_jacobian(x, y), event_axes() - kCoupled);
    return internal::difference(density, stretch);
  }

  Base base_;
  T transform_;
};

/// That of the bases, for transforms without parameters.
template <AnyDistribution P, AnyDistribution Q, Map T>
requires std::is_empty_v<T> Tensor kl_divergence(const Transformed<P, T>& p,
                                                 const Transformed<Q, T>& q) {
  return kl_divergence(p.base(), q.base());
}

/// Normal numbers through tanh: TanhNormal(Normal(mean, stddev)). The policy of Haarnoja et al.,
/// "Soft actor-critic", 2018.
using TanhNormal = Transformed<Normal, Tanh>;

}  // namespace strata::distributions
