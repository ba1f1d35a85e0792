#pragma once

#include <concepts>
#include <initializer_list>
#include <vector>

#include "strata/base/random.h"
#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

/// Probability distributions, as torch.distributions. Each is a value that holds its parameters:
/// tensors, or numbers where a tensor of rank 0 will do, which broadcast and are brought to one
/// floating dtype, f32 where all are numbers. Batches of distributions follow from the parameters'
/// shape.
///
/// sample(shape) draws a tensor [shape ..., batch_shape ..., event_shape ...] without a gradient;
/// rsample(shape), where it exists, makes the same draws as functions of the parameters, with their
/// gradients. Draws follow the generator's seed and stream and the element's index alone, not the
/// number of threads. log_prob(value) and cdf(value) take values that broadcast to the batch, and
/// are differentiable any number of times, as are entropy(), mean(), variance() and so on.
/// expand(shape) is the same distribution for a larger batch, without copies of the parameters.
///
/// Unless `validate_args` is false, constructors throw ValueError for parameters out of range, and
/// log_prob and cdf for values that the distribution cannot take, as PyTorch's; this reads all
/// values once. Independent and MixtureSameFamily leave that to what they are made of. All throw
/// ShapeError where shapes do not broadcast and DTypeError for parameters of integer tensors.
namespace strata::distributions {

/// What all distributions share. Nothing here is virtual: code for any of them is a template.
class Distribution {
 public:
  /// One distribution for each element of this shape.
  const Shape& batch_shape() const { return batch_; }
  /// The shape of one draw of one of them: [] for numbers, [n] for vectors.
  const Shape& event_shape() const { return event_; }

 protected:
  /// `name` is the one in errors.
  Distribution(const char* name, bool validate_args) : name_(name), validate_(validate_args) {}

  struct Parameter {
    const char* name;
    Operand value;
  };
  /// The parameters in one dtype and the shape that they broadcast to, which becomes the batch's.
  std::vector<Tensor> broadcast(std::initializer_list<Parameter> parameters);
  void set_shapes(const Shape& batch, const Shape& event);

  /// While validating: throws ValueError "[Normal] scale must be positive: f32[3] has -1" unless
  /// all of the bools `valid()` are true; x broadcasts to them. Meta tensors pass.
  template <std::invocable F>
  void require(const char* what, const Tensor& x, const char* rule, F valid) const {
    if (validate_) require_all(what, x, rule, valid());
  }
  void require_positive(const char* what, const Tensor& x) const;
  /// No NaN.
  void require_number(const char* what, const Tensor& x) const;
  /// For events: numbers of at least 0 and of sum 1, up to the rounding of the value's dtype.
  void require_simplex(const Tensor& value) const;
  /// `value`, of `dtype` if it was not floating. Throws ShapeError unless it ends in an event and
  /// broadcasts with the batch.
  Tensor fitting(const Tensor& value, DType dtype) const;
  /// `d` with these of its members, tensors [batch ..., ...] and distributions, for a larger batch.
  template <class D, class... P>
  static D expanded(const D& d, const Shape& batch, P D::*... parameters) {
    D larger = d;
    static_cast<Distribution&>(larger).set_shapes(batch, d.event_shape());
    const int axes = d.batch_shape().rank();
    ((larger.*parameters = in_batch(d.*parameters, axes, batch)), ...);
    return larger;
  }
  /// [sample_shape ..., batch ..., event ...].
  Shape draw_shape(const Shape& sample_shape) const;

  const char* name() const { return name_; }
  bool validates() const { return validate_; }

  /// The distribution that one is a part of, whose name errors are to show.
  struct PartOf {
    const char* name;
  };

 private:
  /// x, undefined or of a batch of so many axes, for another one.
  static Tensor in_batch(const Tensor& x, int axes, const Shape& batch);
  template <class D>
  static D in_batch(const D& d, int, const Shape& batch) {
    return d.expand(batch);
  }
  void require_all(const char* what, const Tensor& x, const char* rule, const Tensor& valid) const;

  const char* name_;
  bool validate_;
  Shape batch_, event_;
};

/// What mixtures, transformed and independent distributions are made of.
template <class D>
concept AnyDistribution = std::derived_from<D, Distribution> &&
    requires(const D& d, const Shape& s, Generator& g) {
  { d.sample(s, g) } -> std::same_as<Tensor>;
  { d.log_prob(Tensor()) } -> std::same_as<Tensor>;
};

/// A distribution whose draws have gradients.
template <class D>
concept Reparametrized = AnyDistribution<D> && requires(const D& d, const Shape& s, Generator& g) {
  { d.rsample(s, g) } -> std::same_as<Tensor>;
};

/// A draw and its log_prob.
struct Scored {
  Tensor value, log_prob;
};

namespace internal {

/// A draw and its log_prob, by the distribution's own way where it has one.
template <Reparametrized D>
Scored scored(const D& distribution, const Shape& shape, Generator& generator) {
  if constexpr (requires { distribution.rsample_and_log_prob(shape, generator); }) {
    return distribution.rsample_and_log_prob(shape, generator);
  } else {
    const Tensor value = distribution.rsample(shape, generator);
    return {value, distribution.log_prob(value)};
  }
}

/// The last `count` axes summed away.
Tensor sum_last(const Tensor& x, int count);

/// Of each element, whether it is a whole number of at least 0.
Tensor is_count(const Tensor& x);
/// Throws ShapeError unless both have events of one shape.
void check_same_events(const Distribution& p, const Distribution& q);

/// The sizes from `begin` to before `end`.
Shape part(const Shape& shape, int begin, int end);

}  // namespace internal
}  // namespace strata::distributions
