#include "strata/optim/lion.h"

#include <utility>

#include "strata/optim/sweep.h"

namespace strata {

Lion::Lion(std::vector<Tensor> params, const LionConfig& config)
    : Lion(one_group(std::move(params)), config) {}

Lion::Lion(std::vector<ParamGroup> groups, const LionConfig& config)
    : Optimizer("Lion", std::move(groups),
                {config.lr, config.weight_decay, config.beta1, config.beta2},
                {.tensors = {"exp_avg"}, .options = {"weight_decay", "beta1", "beta2"}}),
      config_(config) {}

void Lion::update(const Options& o, const Tensor& like, std::span<const kernels::OptimPart> parts) {
  sweep_elements<1>(name(), like, parts, [&]<class T>(const kernels::OptimPart&, T) {
    const bool maximize = config_.maximize;
    const T lr = static_cast<T>(o.lr), shrink = static_cast<T>(o.lr * o.weight_decay),
            fresh1 = static_cast<T>(1 - o.momentum), fresh2 = static_cast<T>(1 - o.beta2);
    return [=](T& p, T g, T& mean) {
      if (maximize) g = -g;
      const T way = mean + fresh1 * (g - mean);
      const T step = way > 0 ? lr : way < 0 ? -lr : lr * way;  // NaN stays NaN
      p -= step + shrink * p;
      mean += fresh2 * (g - mean);
    };
  });
}

}  // namespace strata
