#include "strata/optim/adamax.h"

#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {

Adamax::Adamax(std::vector<Tensor> params, const AdamaxConfig& config)
    : Adamax(one_group(std::move(params)), config) {}

Adamax::Adamax(std::vector<ParamGroup> groups, const AdamaxConfig& config)
    : Optimizer("Adamax", std::move(groups),
                {config.lr, config.weight_decay, config.beta1, config.beta2, config.eps},
                {.tensors = {"exp_avg", "exp_inf"},
                 .options = {"weight_decay", "beta1", "beta2", "eps"}}),
      config_(config) {}

void Adamax::update(const Options& o, const Tensor& like,
                    std::span<const kernels::OptimPart> parts) {
  sweep_elements<2>(name(), like, parts, [&]<class T>(const kernels::OptimPart& part, T) {
    const DecayedGradient<T> fresh{static_cast<T>(o.weight_decay), config_.maximize};

    const T fresh1 = static_cast<T>(1 - o.momentum), beta2 = static_cast<T>(o.beta2),
            eps = static_cast<T>(o.eps);
    const T rate =
        static_cast<T>(o.lr / (1 - std::pow(o.momentum, static_cast<double>(part.step))));
    return [=](T& p, T g, T& mean, T& top) {
      g = fresh(g, p);
      mean += fresh1 * (g - mean);
      const T size = std::abs(g) + eps;
      const T before = beta2 * top;
      top = before > size || std::isnan(before) ? before : size;
      p -= rate * mean / top;
    };
  });
}

}  // namespace strata
