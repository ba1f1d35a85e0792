#include "strata/nn/layers/weight_norm.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"

namespace strata::nn {

NormedWeight::NormedWeight(const std::string& layer, const Tensor& weight, Layout layout,
                           const WeightNormConfig& config)
    : v(weight), config_(config), layout_(layout) {
  if (config.axis) {
    const int rank = v.rank(), own = *config.axis;
    if (own < 0 || own >= rank) {
      throw ValueError("WeightNorm", fmt::format(".axis {} is none of the weight of {}, {}", own,
                                                 layer, describe(v)));
    }
    for (int axis = 0; axis < rank; ++axis) {
      if (axis != memory_axis(layout, rank, own)) axes_.push_back(axis);
    }
  }
  const NoGrad no_grad;
  g = cast(lengths(internal::widened(v)), v.dtype()).set_requires_grad(v.requires_grad());
}

Tensor NormedWeight::lengths(const Tensor& of) const {
  if (config_.axis && axes_.empty()) return abs(of);  // no axes would mean all
  return norm(of, 2, axes_, config_.axis.has_value());
}

Tensor NormedWeight::compute() const {
  const Tensor wide = internal::widened(v);
  return cast(wide * (internal::widened(g) / lengths(wide)), v.dtype());
}

void NormedWeight::members(Visitor& to) {
  const bool old = config_.old_names;
  to(old ? "weight_g" : "parametrizations.weight.original0", g,
     config_.axis ? layout_ : Layout::plain);
  to(old ? "weight_v" : "parametrizations.weight.original1", v, layout_);
}

}  // namespace strata::nn
