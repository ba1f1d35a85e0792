#include "strata/optim/adam.h"

#include <utility>

#include "strata/kernels/optim.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

std::vector<const char*> slots_of(const AdamConfig& config) {
  if (config.amsgrad) return {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
  return {"exp_avg", "exp_avg_sq"};
}

}  // namespace

Adam::Adam(std::vector<Tensor> params, const AdamConfig& config)
    : Adam(one_group(std::move(params)), config) {}

Adam::Adam(std::vector<ParamGroup> groups, const AdamConfig& config)
    : Adam("Adam", std::move(groups), config, false) {}

Adam::Adam(const char* name, std::vector<ParamGroup> groups, const AdamConfig& config,
           bool decoupled)
    : Optimizer(
          name, std::move(groups),
          {config.lr, config.weight_decay, config.beta1, config.beta2, config.eps},
          {.tensors = slots_of(config), .options = {"weight_decay", "beta1", "beta2", "eps"}}),
      config_(config),
      decoupled_(decoupled) {}

void Adam::update(const Options& options, const Tensor& like,
                  std::span<const kernels::OptimPart> parts) {
  const kernels::AdamRule rule{options.lr,      options.momentum,     options.beta2,
                               options.eps,     options.weight_decay, decoupled_,
                               config_.amsgrad, config_.maximize};
  on_cpu(name(), like, [&](auto device) { kernels::adam(device, like.dtype(), rule, parts); });
}

}  // namespace strata
