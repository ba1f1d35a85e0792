#include "strata/optim/rmsprop.h"

#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {
namespace {

std::vector<const char*> slots_of(const RMSpropConfig& config) {
  if (config.centered) return {"square_avg", "grad_avg"};
  return {"square_avg"};
}

}  // namespace

RMSprop::RMSprop(std::vector<Tensor> params, const RMSpropConfig& config)
    : RMSprop(one_group(std::move(params)), config) {}

RMSprop::RMSprop(std::vector<ParamGroup> groups, const RMSpropConfig& config)
    : Optimizer("RMSprop", std::move(groups),
                {.lr = config.lr,
                 .weight_decay = config.weight_decay,
                 .momentum = config.momentum,
                 .eps = config.eps},
                {.tensors = slots_of(config),
                 .options = {"weight_decay", "momentum", "eps"},
                 .buffer = "momentum_buffer"}),
      config_(config) {
  if (!(config.alpha >= 0 && config.alpha <= 1)) out_of_range("alpha", config.alpha);
}

void RMSprop::update(const Options& o, const Tensor& like,
                     std::span<const kernels::OptimPart> parts) {
  // `prepare` gives the quotient g / (deviation + eps) after updating the means.
  const auto prepare = [&]<class T>(T) {
    const DecayedGradient<T> fresh{static_cast<T>(o.weight_decay), config_.maximize};
    const T alpha = static_cast<T>(config_.alpha), rest = static_cast<T>(1 - config_.alpha),
            eps = static_cast<T>(o.eps);
    return [=](T p, T g, T& squares, T* mean) {
      g = fresh(g, p);
      squares = alpha * squares + rest * g * g;
      if (!mean) return g / (std::sqrt(squares) + eps);
      *mean += rest * (g - *mean);
      return g / (std::sqrt(squares - *mean * *mean) + eps);
    };
  };
  const bool has_buffer = parts[0].state[config_.centered ? 2 : 1] != nullptr;
  if (has_buffer) {
    const auto make = [&]<class T>(const kernels::OptimPart&, T zero) {
      const T lr = static_cast<T>(o.lr), mu = static_cast<T>(o.momentum);
      return [=, quotient = prepare(zero)](T& p, T g, T& squares, auto&... mean_and_buffer) {
        T* const more[] = {&mean_and_buffer...};
        constexpr bool centered = sizeof...(mean_and_buffer) == 2;
        T& buffer = *more[centered ? 1 : 0];
        buffer = mu * buffer + quotient(p, g, squares, centered ? more[0] : nullptr);
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
