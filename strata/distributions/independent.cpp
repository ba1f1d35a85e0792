#include "strata/distributions/independent.h"

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::distributions::internal {

void check_axes(int axes, const Shape& batch) {
  if (axes >= 0 && axes <= batch.rank()) return;
  throw ShapeError("Independent",
                   fmt::format("a batch of shape {} has no {} axes", to_string(batch), axes));
}

void check_same_axes(int p, int q) {
  if (p == q) return;
  throw ShapeError("kl_divergence", fmt::format("one has events of {} axes, one of {}", p, q));
}

}  // namespace strata::distributions::internal
