#include "strata/nn/layers/flatten.h"

#include "strata/base/error.h"
#include "strata/ops/views.h"

namespace strata::nn {

Tensor Flatten::forward(const Tensor& x) {
  const bool spatial = x.rank() == 4 || x.rank() == 5;
  if (x.rank() < 3 || !config_.channels_first.value_or(spatial)) return flatten(x, 1);
  Dims order = {0, x.rank() - 1};
  for (int axis = 1; axis < x.rank() - 1; ++axis) order.push_back(axis);
  return flatten(permute(x, order), 1);
}

Unflatten::Unflatten(const UnflattenConfig& config) : config_(config) {
  if (config.shape.empty()) throw ValueError("Unflatten", "the config leaves out .shape");
}

Tensor Unflatten::forward(const Tensor& x) {
  if (x.rank() != 2) throw ShapeError("Unflatten", "takes rows [N, D], got " + describe(x));
  const Shape& shape = config_.shape;
  const int rank = shape.rank();
  const bool turned = rank > 1 && config_.channels_first.value_or(rank == 3 || rank == 4);
  Shape lying = {x.size(0)};
  if (turned) lying.push_back(shape.back());
  for (int i = 0; i < rank - (turned ? 1 : 0); ++i) lying.push_back(shape[i]);
  const Tensor y = reshape(x, lying);
  if (!turned) return y;
  Dims order = {0};
  for (int axis = 2; axis <= rank; ++axis) order.push_back(axis);
  order.push_back(1);
  return permute(y, order);
}

}  // namespace strata::nn
