#pragma once

#include <utility>

#include "strata/distributions/distribution.h"
#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata::distributions {

/// A parameter that is kept: a tensor, a number, or neither.
class TensorOrNumber {
 public:
  TensorOrNumber() = default;
  TensorOrNumber(Tensor t)  // NOLINT(google-explicit-constructor): call sites pass either
      : tensor_(std::move(t)), defined_(tensor_.defined()) {}
  template <Arithmetic T>
  TensorOrNumber(T number)  // NOLINT(google-explicit-constructor)
      : number_(number), defined_(true) {}

  bool defined() const { return defined_; }
  /// Lives no longer than this.
  Operand operand() const { return tensor_.defined() ? Operand(tensor_) : Operand(number_); }

 private:
  Tensor tensor_;
  Number number_ = 0;
  bool defined_ = false;
};

/// How distributions over choices are given: one of the two, the other undefined.
struct ProbsOrLogits {
  TensorOrNumber probs = {};
  TensorOrNumber logits = {};
};

/// 1 with probability p, else 0: Bernoulli({.probs = p}) for p in [0, 1], or
/// Bernoulli({.logits = x}) for p = sigmoid(x). Throws ValueError unless one of the two is given.
class Bernoulli final : public Distribution {
 public:
  explicit Bernoulli(const ProbsOrLogits& parameter, bool validate_args = true)
      : Bernoulli(PartOf{"Bernoulli"}, parameter, validate_args) {}
  Bernoulli(PartOf whole, const ProbsOrLogits& parameter, bool validate_args);

  /// The same for a larger batch, to which this one's broadcasts. Throws ShapeError.
  Bernoulli expand(const Shape& batch_shape) const;

  Tensor probs() const;
  /// log(p / (1 - p)); probabilities count as within the dtype's epsilon of 0 and 1, as PyTorch's.
  Tensor logits() const;

  Tensor mean() const { return probs(); }
  /// NaN for p = 1 / 2.
  Tensor mode() const;
  Tensor stddev() const;
  Tensor variance() const;
  Tensor entropy() const;

  /// Of the parameter's dtype.
  Tensor sample(const Shape& shape = {}, Generator& generator = default_generator()) const;
  /// v log(p) + (1 - v) log(1 - p), for values between 0 and 1 too where arguments are not checked.
  Tensor log_prob(const Tensor& value) const;

 private:
  const Tensor& given() const { return probs_.defined() ? probs_ : logits_; }

  Tensor probs_, logits_;
};

Tensor kl_divergence(const Bernoulli& p, const Bernoulli& q);

namespace internal {

/// Throws ValueError tagged `where` unless one of the two is given; returns it.
Operand the_given(const char* where, const ProbsOrLogits& parameter);

/// The weight times the logarithm; 0 for a weight of 0, whatever the logarithm.
Tensor weighted(const Tensor& weight, const Tensor& logarithm);

}  // namespace internal
}  // namespace strata::distributions
