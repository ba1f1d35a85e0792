#include "strata/distributions/relaxed_bernoulli.h"

#include "strata/distributions/noise.h"
#include "strata/distributions/transforms.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {

LogitRelaxedBernoulli::LogitRelaxedBernoulli(PartOf whole, const Operand& temperature,
                                             const ProbsOrLogits& parameter, bool validate_args)
    : Distribution(whole.name, validate_args), bits_(whole, parameter, validate_args) {
  const bool is_probs = parameter.probs.defined();
  const auto p =
      broadcast({{"temperature", temperature},
                 {is_probs ? "probs" : "logits", internal::the_given(name(), parameter)}});
  temperature_ = p[0];
  bits_ = Bernoulli(whole, is_probs ? ProbsOrLogits{.probs = p[1]} : ProbsOrLogits{.logits = p[1]},
                    false);
  require_positive("temperature", temperature_);
}

LogitRelaxedBernoulli LogitRelaxedBernoulli::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &LogitRelaxedBernoulli::temperature_,
                  &LogitRelaxedBernoulli::bits_);
}

Tensor LogitRelaxedBernoulli::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  return rsample(shape, generator);
}

Tensor LogitRelaxedBernoulli::rsample(const Shape& shape, Generator& generator) const {
  using strata::internal::widened;
  const Tensor u = internal::open_uniform(draw_shape(shape), temperature_, generator);
  const Tensor noise = log(u) - log1p(-u);
  return cast((widened(logits()) + noise) / widened(temperature_), temperature_.dtype());
}

Tensor LogitRelaxedBernoulli::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, temperature_.dtype());
  require_number("value", x);
  const Tensor noise = temperature_ * x - logits();
  return log(temperature_) + logsigmoid(noise) + logsigmoid(-noise);
}

RelaxedBernoulli::RelaxedBernoulli(const Operand& temperature, const ProbsOrLogits& parameter,
                                   bool validate_args)
    : Distribution("RelaxedBernoulli", validate_args),
      logit_(PartOf{name()}, temperature, parameter, validate_args) {
  set_shapes(logit_.batch_shape(), {});
}

RelaxedBernoulli RelaxedBernoulli::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &RelaxedBernoulli::logit_);
}

Tensor RelaxedBernoulli::sample(const Shape& shape, Generator& generator) const {
  return Sigmoid().forward(logit_.sample(shape, generator));
}

Tensor RelaxedBernoulli::rsample(const Shape& shape, Generator& generator) const {
  return Sigmoid().forward(logit_.rsample(shape, generator));
}

Tensor RelaxedBernoulli::log_prob(const Tensor& value) const {
  const Tensor y = fitting(value, temperature().dtype());
  require("value", y, "in [0, 1]", [&] { return Sigmoid().valid(y); });
  const Tensor x = Sigmoid().inverse(y);
  return logit_.log_prob(x) - Sigmoid().log_abs_det_jacobian(x, y);
}

}  // namespace strata::distributions
