#include "strata/distributions/relaxed_categorical.h"

#include <cmath>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/distributions/categorical.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/indexing.h"
#include "strata/ops/reduce.h"
#include "strata/ops/softmax.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace {

void check_temperature(const char* where, const char* what, double temperature) {
  if (temperature > 0) return;
  throw ValueError(where, fmt::format("{} must be positive, got {}", what, temperature));
}

}  // namespace

Tensor gumbel_softmax(const Tensor& logits, double tau, bool hard, int axis, Generator& generator) {
  check_temperature("gumbel_softmax", "tau", tau);
  strata::internal::check_floating("gumbel_softmax", logits);
  const Tensor noise = internal::standard_gumbel(logits.shape(), logits, generator);
  const Tensor soft = softmax((logits + noise) / tau, axis);
  if (!hard) return soft;
  const Tensor largest = argmax(soft.detach(), axis, true);
  return scatter(zeros_like(soft), axis, largest, 1) + (soft - soft.detach());
}

RelaxedOneHotCategorical::RelaxedOneHotCategorical(double temperature,
                                                   const ProbsOrLogits& parameter,
                                                   bool validate_args)
    : Distribution("RelaxedOneHotCategorical", validate_args),
      temperature_(temperature),
      logits_(Categorical(PartOf{name()}, parameter, validate_args).logits()) {
  check_temperature("RelaxedOneHotCategorical", "temperature", temperature);
  const int last = logits_.rank() - 1;
  set_shapes(internal::part(logits_.shape(), 0, last), {logits_.size(-1)});
}

RelaxedOneHotCategorical RelaxedOneHotCategorical::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &RelaxedOneHotCategorical::logits_);
}

Tensor RelaxedOneHotCategorical::probs() const { return exp(logits_); }

Tensor RelaxedOneHotCategorical::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor RelaxedOneHotCategorical::rsample(const Shape& shape, Generator& generator) const {
  return gumbel_softmax(strata::expand(logits_, draw_shape(shape)), temperature_, false, -1,
                        generator);
}

Tensor RelaxedOneHotCategorical::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, logits_.dtype());
  require_simplex(x);
  const auto n = static_cast<double>(logits_.size(-1));
  const Tensor log_x = log(x);
  const double constant = lgamma(scalar(n)).item<double>() + (n - 1) * std::log(temperature_);
  return sum(log_softmax(logits_ - temperature_ * log_x) - log_x, {-1}) + constant;
}

}  // namespace strata::distributions
