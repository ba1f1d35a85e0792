#include "strata/distributions/mixture.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/indexing.h"
#include "strata/ops/reduce.h"
#include "strata/ops/softmax.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::distributions::internal {
namespace {

/// [batch ..., n] as [batch ..., n, 1 ...].
Tensor padded(const Tensor& probs, int events) {
  return reshape(probs, joined(probs.shape(), Dims::filled(events, 1)));
}

}  // namespace

Categorical fitting_mixture(const Categorical& mixture, const Shape& components) {
  const int last = components.rank() - 1;
  if (last < 0 || components.back() != mixture.classes()) {
    throw ShapeError("MixtureSameFamily",
                     fmt::format("a mixture of {} and components in a batch of shape {}",
                                 mixture.classes(), to_string(components)));
  }
  return mixture.expand(part(components, 0, last));
}

Tensor with_component_axis(const Tensor& value, int events) {
  return unsqueeze(value, -1 - events);
}

Tensor mixed(const Tensor& log_probs, const Tensor& logits) {
  return logsumexp(log_probs + log_softmax(logits), {-1});
}

Tensor averaged(const Tensor& values, const Tensor& probs, int events) {
  return sum(padded(probs, events) * values, {-1 - events});
}

Tensor chosen(const Tensor& values, const Tensor& index, int events) {
  const int axis = index.rank();  // of the components
  Shape shape = values.shape();
  shape[axis] = 1;
  const Tensor places = reshape(index, joined(index.shape(), Dims::filled(events + 1, 1)));
  return squeeze(gather(values, axis, expand(places, shape)), axis);
}

Tensor mixed_variance(const Tensor& means, const Tensor& variances, const Tensor& probs,
                      int events) {
  const Tensor average = unsqueeze(averaged(means, probs, events), -1 - events);
  return averaged(variances + square(means - average), probs, events);
}

}  // namespace strata::distributions::internal
