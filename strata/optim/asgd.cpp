#include "strata/optim/asgd.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {

ASGD::ASGD(std::vector<Tensor> params, const ASGDConfig& config)
    : ASGD(one_group(std::move(params)), config) {}

ASGD::ASGD(std::vector<ParamGroup> groups, const ASGDConfig& config)
    : Optimizer("ASGD", std::move(groups), {.lr = config.lr, .weight_decay = config.weight_decay},
                {.tensors = {"ax"}, .options = {"weight_decay"}, .numbers = {"eta", "mu"}}),
      config_(config) {
  require_not_negative("lambda", config.lambda);
  require_not_negative("alpha", config.alpha);
  if (!std::isfinite(config.t0)) out_of_range("t0", config.t0);
}

void ASGD::update(const Options& o, const Tensor& like, std::span<const kernels::OptimPart> parts) {
  sweep_elements<1>(name(), like, parts, [&]<class T>(const kernels::OptimPart& part, T) {
    const DecayedGradient<T> fresh{static_cast<T>(o.weight_decay), config_.maximize};
    const double eta = part.step == 1 ? o.lr : part.number[0], mu = part.number[1];
    const T shrink = static_cast<T>(1 - config_.lambda * eta), rate = static_cast<T>(eta),
            share = static_cast<T>(mu);
    return [=](T& p, T g, T& average) {
      g = fresh(g, p);
      p = p * shrink - rate * g;
      average = share == 1 ? p : average + (p - average) * share;
    };
  });
  for (const kernels::OptimPart& part : parts) {
    const auto steps = static_cast<double>(part.step);
    part.number[0] = o.lr / std::pow(1 + config_.lambda * o.lr * steps, config_.alpha);
    part.number[1] = 1 / std::max(1.0, steps - config_.t0);
  }
}

}  // namespace strata
