#include "strata/optim/adadelta.h"

#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {

Adadelta::Adadelta(std::vector<Tensor> params, const AdadeltaConfig& config)
    : Adadelta(one_group(std::move(params)), config) {}

Adadelta::Adadelta(std::vector<ParamGroup> groups, const AdadeltaConfig& config)
    : Optimizer("Adadelta", std::move(groups),
                {.lr = config.lr, .weight_decay = config.weight_decay, .eps = config.eps},
                {.tensors = {"square_avg", "acc_delta"}, .options = {"weight_decay", "eps"}}),
      config_(config) {
  if (!(config.rho >= 0 && config.rho <= 1)) out_of_range("rho", config.rho);
}

void Adadelta::update(const Options& o, const Tensor& like,
                      std::span<const kernels::OptimPart> parts) {
  sweep_elements<2>(name(), like, parts, [&]<class T>(const kernels::OptimPart&, T) {
    const DecayedGradient<T> fresh{static_cast<T>(o.weight_decay), config_.maximize};

    const T lr = static_cast<T>(o.lr), rho = static_cast<T>(config_.rho),
            fresh_part = static_cast<T>(1 - config_.rho), eps = static_cast<T>(o.eps);
    return [=](T& p, T g, T& squares, T& steps) {
      g = fresh(g, p);
      squares = rho * squares + fresh_part * g * g;
      const T step = std::sqrt(steps + eps) / std::sqrt(squares + eps) * g;
      steps = rho * steps + fresh_part * step * step;
      p -= lr * step;
    };
  });
}

}  // namespace strata
