#include "strata/optim/radam.h"

#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {

RAdam::RAdam(std::vector<Tensor> params, const RAdamConfig& config)
    : RAdam(one_group(std::move(params)), config) {}

RAdam::RAdam(std::vector<ParamGroup> groups, const RAdamConfig& config)
    : Optimizer("RAdam", std::move(groups),
                {config.lr, config.weight_decay, config.beta1, config.beta2, config.eps},
                {.tensors = {"exp_avg", "exp_avg_sq"},
                 .options = {"weight_decay", "beta1", "beta2", "eps"}}),
      config_(config) {}

void RAdam::update(const Options& o, const Tensor& like,
                   std::span<const kernels::OptimPart> parts) {
  sweep_elements<2>(name(), like, parts, [&]<class T>(const kernels::OptimPart& part, T) {
    const bool decoupled = config_.decoupled;
    const DecayedGradient<T> fresh{static_cast<T>(decoupled ? 0 : o.weight_decay),
                                   config_.maximize};
    const T shrink = static_cast<T>(decoupled ? 1 - o.lr * o.weight_decay : 1);

    const auto steps = static_cast<double>(part.step);
    const double power = std::pow(o.beta2, steps), bias2 = 1 - power;
    const double rho_end = 2 / (1 - o.beta2) - 1;
    const double rho = rho_end - 2 * steps * power / bias2;
    const bool trusted = rho > 5;
    const double scale = trusted ? std::sqrt((rho - 4) * (rho - 2) * rho_end * bias2 /
                                             ((rho_end - 4) * (rho_end - 2) * rho))
                                 : 1;
    const T rate = static_cast<T>(o.lr / (1 - std::pow(o.momentum, steps)) * scale),
            fresh1 = static_cast<T>(1 - o.momentum), beta2 = static_cast<T>(o.beta2),
            fresh2 = static_cast<T>(1 - o.beta2), eps = static_cast<T>(o.eps);
    return [=](T& p, T g, T& mean, T& squares) {
      g = fresh(g, p);
      p *= shrink;
      mean += fresh1 * (g - mean);
      squares = beta2 * squares + fresh2 * g * g;
      p -= trusted ? rate * mean / (std::sqrt(squares) + eps) : rate * mean;
    };
  });
}

}  // namespace strata
