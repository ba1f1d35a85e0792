#include "strata/optim/rprop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {

Rprop::Rprop(std::vector<Tensor> params, const RpropConfig& config)
    : Rprop(one_group(std::move(params)), config) {}

Rprop::Rprop(std::vector<ParamGroup> groups, const RpropConfig& config)
    : Optimizer("Rprop", std::move(groups), {.lr = config.lr},
                {.tensors = {"prev", "step_size"}, .options = {}}),
      config_(config) {
  if (!(config.eta_minus > 0 && config.eta_minus < 1)) out_of_range("eta_minus", config.eta_minus);
  if (!(config.eta_plus > 1) || !std::isfinite(config.eta_plus)) {
    out_of_range("eta_plus", config.eta_plus);
  }
  require_not_negative("min_step", config.min_step);
  if (!(config.max_step >= config.min_step)) out_of_range("max_step", config.max_step);
}

void Rprop::update(const Options& o, const Tensor& like,
                   std::span<const kernels::OptimPart> parts) {
  sweep_elements<2>(name(), like, parts, [&]<class T>(const kernels::OptimPart& part, T) {
    const bool first = part.step == 1, maximize = config_.maximize;
    const T lr = static_cast<T>(o.lr), shrink = static_cast<T>(config_.eta_minus),
            grow = static_cast<T>(config_.eta_plus), low = static_cast<T>(config_.min_step),
            high = static_cast<T>(config_.max_step);
    return [=](T& p, T g, T& before, T& size) {
      if (maximize) g = -g;
      if (first) size = lr;
      const T turn = g * before;
      if (turn > 0) size *= grow;
      if (turn < 0) size *= shrink;
      size = std::clamp(size, low, high);
      if (turn < 0) g = 0;
      if (g > 0) p -= size;
      if (g < 0) p += size;
      before = g;
    };
  });
}

}  // namespace strata
