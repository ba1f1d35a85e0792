#include "strata/nn/layers/group_norm.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/ops/group_norm.h"

namespace strata::nn {

GroupNorm::GroupNorm(const GroupNormConfig& config) : config_(config) {
  require_positive("GroupNorm", {{"groups", config.groups}, {"channels", config.channels}});
  if (config.channels % config.groups) {
    throw ValueError("GroupNorm", fmt::format("{} groups do not divide .channels = {} evenly",
                                              config.groups, config.channels));
  }
  if (!config.affine) return;
  weight = parameter({config.channels});
  bias = parameter({config.channels});
  init::constant(weight, 1);
  init::constant(bias, 0);
}

Tensor GroupNorm::forward(const Tensor& x) {
  return group_norm(x, config_.groups, weight, bias, {.eps = config_.eps, .silu = config_.silu});
}

Tensor GroupNorm::operator()(const Tensor& x, const Tensor& shift) {
  return observe_call(*this, [&] {
    return group_norm(x, config_.groups, weight, bias,
                      {.eps = config_.eps, .silu = config_.silu, .shift = shift});
  });
}

}  // namespace strata::nn
