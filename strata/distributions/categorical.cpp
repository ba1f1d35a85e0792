#include "strata/distributions/categorical.h"

#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/largest_finite.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/indexing.h"
#include "strata/ops/reduce.h"
#include "strata/ops/sampling.h"
#include "strata/ops/select.h"
#include "strata/ops/softmax.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
Categorical::Categorical(PartOf whole, const ProbsOrLogits& parameter, bool validate_args)
    : Distribution(whole.name, validate_args) {
  const bool is_probs = parameter.probs.defined();
  const Tensor x =
      broadcast({{is_probs ? "probs" : "logits", internal::the_given(name(), parameter)}})[0];
  if (x.rank() == 0 || x.size(-1) == 0) {
    throw ShapeError(name(), fmt::format("{} has no classes", describe(x)));
  }
  set_shapes(internal::part(x.shape(), 0, x.rank() - 1), {});
  if (is_probs) {
    require("probs", x, "finite and at least 0", [&] { return logical_and(isfinite(x), x >= 0); });
    const Tensor total = sum(x, {-1}, true);
    require_positive("the sum of probs", total);
    probs_ = x / total;
  } else {
    if (validates()) {
      const Tensor most = amax(x.detach(), {-1});
      require("the largest of logits", most, "finite", [&] { return isfinite(most); });
    }
    logits_ = log_softmax(x);
  }
}

Categorical Categorical::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Categorical::probs_, &Categorical::logits_);
}

int64_t Categorical::classes() const { return given().size(-1); }

Tensor Categorical::probs() const { return probs_.defined() ? probs_ : exp(logits_); }

Tensor Categorical::logits() const {
  return logits_.defined() ? logits_ : log(internal::inner(probs_));
}

Tensor Categorical::mode() const { return argmax(given(), -1); }

Tensor Categorical::entropy() const {
  const Tensor finite = clamp(logits(), -largest_finite(given().dtype()));
  return -sum(finite * probs(), {-1});
}

Tensor Categorical::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  const int64_t draws = numel(shape);
  const Tensor p = probs();
  if (draws == 0) return empty(draw_shape(shape), DType::i64, p.device());
  const Tensor rows = reshape(p, {numel(batch_shape()), classes()});
  return reshape(transpose(multinomial(rows, draws, true, generator), 0, 1), draw_shape(shape));
}

Tensor Categorical::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, DType::i64);
  if (is_floating(x.dtype())) require("value", x, "a class number", [&] { return x == floor(x); });
  const auto last = static_cast<double>(classes() - 1);
  require("value", x, "a class number", [&] { return logical_and(x >= 0, x <= last); });
  const Tensor log_probs = logits();
  Shape shape = broadcast_shapes(name(), x.shape(), batch_shape());
  const Tensor index = unsqueeze(strata::expand(cast(x, DType::i64), shape), -1);
  shape.push_back(classes());
  return squeeze(gather(strata::expand(log_probs, shape), -1, index), -1);
}

Tensor kl_divergence(const Categorical& p, const Categorical& q) {
  if (p.classes() != q.classes()) {
    throw ShapeError("kl_divergence", fmt::format("{} and {} classes", p.classes(), q.classes()));
  }
  const Tensor a = p.probs(), b = q.probs();
  // Chosen before the product: what an impossible class has no part in must not make NaN gradients.
  const Tensor ratio = where(a == 0, 0, p.logits() - q.logits());
  const Tensor beyond = logical_and(b == 0, a > 0);
  return sum(where(beyond, std::numeric_limits<double>::infinity(), a * ratio), {-1});
}

OneHotCategorical::OneHotCategorical(const ProbsOrLogits& parameter, bool validate_args)
    : Distribution("OneHotCategorical", validate_args),
      categorical_(PartOf{name()}, parameter, validate_args) {
  set_shapes(categorical_.batch_shape(), {categorical_.classes()});
}

OneHotCategorical OneHotCategorical::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &OneHotCategorical::categorical_);
}

Tensor OneHotCategorical::mode() const {
  const Tensor p = probs();
  return one_hot(argmax(p, -1), categorical_.classes(), p.dtype());
}

Tensor OneHotCategorical::stddev() const { return sqrt(variance()); }

Tensor OneHotCategorical::variance() const {
  const Tensor p = probs();
  return p * (1 - p);
}

Tensor OneHotCategorical::sample(const Shape& shape, Generator& generator) const {
  return one_hot(categorical_.sample(shape, generator), categorical_.classes(), probs().dtype());
}

Tensor OneHotCategorical::rsample(const Shape& shape, Generator& generator) const {
  const Tensor p = probs();
  return sample(shape, generator) + (p - p.detach());
}

Tensor OneHotCategorical::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, probs().dtype());
  require("value", x, "0 or 1", [&] { return logical_or(x == 0, x == 1); });
  if (validates()) {
    const Tensor ones = sum(x.detach(), {-1});
    require("the sum of value", ones, "1", [&] { return ones == 1; });
  }
  return categorical_.log_prob(argmax(x, -1));
}

Tensor kl_divergence(const OneHotCategorical& p, const OneHotCategorical& q) {
  return kl_divergence(p.categorical(), q.categorical());
}

}  // namespace strata::distributions
