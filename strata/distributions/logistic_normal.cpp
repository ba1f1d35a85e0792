#include "strata/distributions/logistic_normal.h"

#include "strata/distributions/transforms.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"

namespace strata::distributions {

LogisticNormal::LogisticNormal(const Operand& loc, const Operand& scale, bool validate_args)
    : Distribution("LogisticNormal", validate_args),
      normal_(PartOf{name()}, loc, scale, validate_args) {
  if (normal_.batch_shape().empty()) {
    normal_ =
        Normal(PartOf{name()}, unsqueeze(normal_.loc(), 0), unsqueeze(normal_.scale(), 0), false);
  }
  const Shape& all = normal_.batch_shape();
  set_shapes(internal::part(all, 0, all.rank() - 1), {all.back() + 1});
}

LogisticNormal LogisticNormal::expand(const Shape& batch_shape) const {
  LogisticNormal larger = *this;
  larger.set_shapes(batch_shape, event_shape());
  larger.normal_ = normal_.expand(joined(batch_shape, {loc().size(-1)}));
  return larger;
}

Tensor LogisticNormal::sample(const Shape& shape, Generator& generator) const {
  return StickBreaking().forward(normal_.sample(shape, generator));
}

Tensor LogisticNormal::rsample(const Shape& shape, Generator& generator) const {
  return StickBreaking().forward(normal_.rsample(shape, generator));
}

Tensor LogisticNormal::log_prob(const Tensor& value) const {
  const Tensor y = fitting(value, loc().dtype());
  require_simplex(y);
  const Tensor x = StickBreaking().inverse(y);
  return sum(normal_.log_prob(x), {-1}) - StickBreaking().log_abs_det_jacobian(x, y);
}

Tensor kl_divergence(const LogisticNormal& p, const LogisticNormal& q) {
  internal::check_same_events(p, q);
  return sum(kl_divergence(p.normal(), q.normal()), {-1});
}

}  // namespace strata::distributions
