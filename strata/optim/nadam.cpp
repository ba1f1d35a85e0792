#include "strata/optim/nadam.h"

#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {

NAdam::NAdam(std::vector<Tensor> params, const NAdamConfig& config)
    : NAdam(one_group(std::move(params)), config) {}

NAdam::NAdam(std::vector<ParamGroup> groups, const NAdamConfig& config)
    : Optimizer("NAdam", std::move(groups),
                {config.lr, config.weight_decay, config.beta1, config.beta2, config.eps},
                {.tensors = {"exp_avg", "exp_avg_sq"},
                 .options = {"weight_decay", "beta1", "beta2", "eps"},
                 .numbers = {"mu_product"}}),
      config_(config) {
  require_not_negative("momentum_decay", config.momentum_decay);
}

void NAdam::update(const Options& o, const Tensor& like,
                   std::span<const kernels::OptimPart> parts) {
  const auto mu_at = [&](int64_t step) {
    return o.momentum *
           (1 - 0.5 * std::pow(0.96, static_cast<double>(step) * config_.momentum_decay));
  };
  sweep_elements<2>(name(), like, parts, [&]<class T>(const kernels::OptimPart& part, T) {
    const bool decoupled = config_.decoupled;
    const DecayedGradient<T> fresh{static_cast<T>(decoupled ? 0 : o.weight_decay),
                                   config_.maximize};
    const T shrink = static_cast<T>(decoupled ? 1 - o.lr * o.weight_decay : 1);

    const auto steps = static_cast<double>(part.step);
    const double mu = mu_at(part.step), next = mu_at(part.step + 1), product = *part.number * mu;
    const T by_gradient = static_cast<T>(o.lr * (1 - mu) / (1 - product)),
            by_mean = static_cast<T>(o.lr * next / (1 - product * next)),
            unbias = static_cast<T>(1 - std::pow(o.beta2, steps)),
            fresh1 = static_cast<T>(1 - o.momentum), beta2 = static_cast<T>(o.beta2),
            fresh2 = static_cast<T>(1 - o.beta2), eps = static_cast<T>(o.eps);
    return [=](T& p, T g, T& mean, T& squares) {
      g = fresh(g, p);
      p *= shrink;
      mean += fresh1 * (g - mean);
      squares = beta2 * squares + fresh2 * g * g;
      const T root = std::sqrt(squares / unbias) + eps;
      p -= (by_gradient * g + by_mean * mean) / root;
    };
  });
  for (const kernels::OptimPart& part : parts) *part.number *= mu_at(part.step);
}

}  // namespace strata
