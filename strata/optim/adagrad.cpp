#include "strata/optim/adagrad.h"

#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {

Adagrad::Adagrad(std::vector<Tensor> params, const AdagradConfig& config)
    : Adagrad(one_group(std::move(params)), config) {}

Adagrad::Adagrad(std::vector<ParamGroup> groups, const AdagradConfig& config)
    : Optimizer("Adagrad", std::move(groups),
                {.lr = config.lr, .weight_decay = config.weight_decay, .eps = config.eps},
                {.tensors = {"sum"}, .options = {"weight_decay", "eps"}}),
      config_(config) {
  require_not_negative("lr_decay", config.lr_decay);
  require_not_negative("first_sum", config.first_sum);
}

void Adagrad::update(const Options& o, const Tensor& like,
                     std::span<const kernels::OptimPart> parts) {
  sweep_elements<1>(name(), like, parts, [&]<class T>(const kernels::OptimPart& part, T) {
    const DecayedGradient<T> fresh{static_cast<T>(o.weight_decay), config_.maximize};
    const bool first = part.step == 1;
    const T start = static_cast<T>(config_.first_sum), eps = static_cast<T>(o.eps);
    const T rate =
        static_cast<T>(o.lr / (1 + static_cast<double>(part.step - 1) * config_.lr_decay));
    return [=](T& p, T g, T& sum) {
      g = fresh(g, p);
      sum = (first ? start : sum) + g * g;
      p -= rate * g / (std::sqrt(sum) + eps);
    };
  });
}

}  // namespace strata
