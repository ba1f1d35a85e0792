#include "strata/distributions/bernoulli.h"

#include <limits>

#include "strata/base/error.h"
#include "strata/distributions/noise.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/sampling.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::distributions {

using internal::weighted;

namespace {

/// share log(sigmoid(logits)) + (1 - share) log(1 - sigmoid(logits)).
Tensor log_likelihood(const Tensor& share, const Tensor& logits) {
  return weighted(share, logsigmoid(logits)) + weighted(1 - share, logsigmoid(-logits));
}

}  // namespace

namespace internal {

Tensor weighted(const Tensor& weight, const Tensor& logarithm) {
  return where(weight == 0, 0, weight * logarithm);
}

Operand the_given(const char* where, const ProbsOrLogits& parameter) {
  if (parameter.probs.defined() == parameter.logits.defined()) {
    throw ValueError(where, "needs either probs or logits");
  }
  return (parameter.probs.defined() ? parameter.probs : parameter.logits).operand();
}

}  // namespace internal

Bernoulli::Bernoulli(PartOf whole, const ProbsOrLogits& parameter, bool validate_args)
    : Distribution(whole.name, validate_args) {
  const bool is_probs = parameter.probs.defined();
  const Tensor x =
      broadcast({{is_probs ? "probs" : "logits", internal::the_given(name(), parameter)}})[0];
  (is_probs ? probs_ : logits_) = x;
  if (is_probs) {
    require("probs", x, "in [0, 1]", [&] { return logical_and(x >= 0, x <= 1); });
  } else {
    require_number("logits", x);
  }
}

Bernoulli Bernoulli::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Bernoulli::probs_, &Bernoulli::logits_);
}

Tensor Bernoulli::probs() const { return probs_.defined() ? probs_ : sigmoid(logits_); }

Tensor Bernoulli::logits() const {
  if (logits_.defined()) return logits_;
  const Tensor p = internal::inner(probs_);
  return log(p) - log1p(-p);
}

Tensor Bernoulli::mode() const {
  const Tensor p = probs();
  const Tensor likelier = cast(p > 0.5, p.dtype());
  return where(p == 0.5, std::numeric_limits<double>::quiet_NaN(), likelier);
}

Tensor Bernoulli::stddev() const { return sqrt(variance()); }

Tensor Bernoulli::variance() const {
  const Tensor p = probs();
  return p * (1 - p);
}

Tensor Bernoulli::entropy() const { return -log_likelihood(probs(), logits()); }

Tensor Bernoulli::sample(const Shape& shape, Generator& generator) const {
  return strata::internal::ones_of(strata::expand(probs().detach(), draw_shape(shape)), generator);
}

Tensor Bernoulli::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, given().dtype());
  require("value", x, "0 or 1", [&] { return logical_or(x == 0, x == 1); });
  return log_likelihood(x, logits());
}

Tensor kl_divergence(const Bernoulli& p, const Bernoulli& q) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Tensor a = p.probs(), b = q.probs(), x = p.logits(), y = q.logits();
  const Tensor ones = a * (logsigmoid(x) - logsigmoid(y));
  const Tensor zeros = (1 - a) * (logsigmoid(-x) - logsigmoid(-y));
  return where(a == 0, 0, where(b == 0, kInfinity, ones)) +
         where(a == 1, 0, where(b == 1, kInfinity, zeros));
}

}  // namespace strata::distributions
