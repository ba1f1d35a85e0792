#include "strata/optim/rmsprop.h"

#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {
namespace {

std::vector<const char*> slots_of(const RMSpropConfig& config) {
  std::vector<const char*> slots = {"square_avg"};
  if (config.momentum != 0) slots.push_back("momentum_buffer");
  if (config.centered) slots.push_back("grad_avg");
  return slots;
}

}  // namespace

RMSprop::RMSprop(std::vector<Tensor> params, const RMSpropConfig& config)
    : RMSprop(one_group(std::move(params)), config) {}

RMSprop::RMSprop(std::vector<ParamGroup> groups, const RMSpropConfig& config)
    : Optimizer("RMSprop", std::move(groups), {config.lr, config.weight_decay, config.momentum},
                {.tensors = slots_of(config), .momentum = config.momentum != 0}),
      config_(config) {
  if (!(config.alpha >= 0 && config.alpha <= 1)) out_of_range("alpha", config.alpha);
  require_not_negative("eps", config.eps);
}

void RMSprop::update(const Options& o, const Tensor& like,
                     std::span<const kernels::OptimPart> parts) {
  // `prepare` gives the quotient g / (deviation + eps) after updating the means.
  const auto prepare = [&]<class T>(T) {
    const DecayedGradient<T> fresh{static_cast<T>(o.weight_decay), config_.maximize};
    const T alpha = static_cast<T>(config_.alpha), rest = static_cast<T>(1 - config_.alpha),
            eps = static_cast<T>(config_.eps);
    return [=](T p, T g, T& squares, T* mean) {
      g = fresh(g, p);
      squares = alpha * squares + rest * g * g;
      if (!mean) return g / (std::sqrt(squares) + eps);
      *mean += rest * (g - *mean);
      return g / (std::sqrt(squares - *mean * *mean) + eps);
    };
  };
  if (config_.momentum != 0) {
    const auto make = [&]<class T>(const kernels::OptimPart&, T zero) {
      const T lr = static_cast<T>(o.lr), mu = static_cast<T>(o.momentum);
      return [=, quotient = prepare(zero)](T& p, T g, T& squares, T& buffer, auto&... mean) {
        T* centre = nullptr;
        ((centre = &mean), ...);
        buffer = mu * buffer + quotient(p, g, squares, centre);
        p -= lr * buffer;
      };
    };
    if (config_.centered) {
      sweep_elements<3>(name(), like, parts, make);
    } else {
      sweep_elements<2>(name(), like, parts, make);
    }
    return;
  }
  const auto make = [&]<class T>(const kernels::OptimPart&, T zero) {
    const T lr = static_cast<T>(o.lr);
    return [=, quotient = prepare(zero)](T& p, T g, T& squares, auto&... mean) {
      T* centre = nullptr;
      ((centre = &mean), ...);
      p -= lr * quotient(p, g, squares, centre);
    };
  };
  if (config_.centered) {
    sweep_elements<2>(name(), like, parts, make);
  } else {
    sweep_elements<1>(name(), like, parts, make);
  }
}

}  // namespace strata
