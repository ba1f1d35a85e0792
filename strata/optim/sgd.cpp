#include "strata/optim/sgd.h"

#include <cmath>
#include <utility>

#include "strata/base/error.h"
#include "strata/kernels/optim.h"
#include "strata/tensor/on_device.h"

namespace strata {

SGD::SGD(std::vector<Tensor> params, const SGDConfig& config)
    : SGD(one_group(std::move(params)), config) {}

SGD::SGD(std::vector<ParamGroup> groups, const SGDConfig& config)
    : Optimizer("SGD", std::move(groups), {config.lr, config.weight_decay, config.momentum},
                {.options = {"weight_decay", "momentum"},
                 .buffer = "momentum_buffer",
                 .counts_steps = false}),
      config_(config) {
  if (!std::isfinite(config.dampening)) out_of_range("dampening", config.dampening);
  if (config.nesterov && (config.momentum == 0 || config.dampening != 0)) {
    throw ValueError("SGD", "Nesterov's momentum needs a momentum and no dampening");
  }
}

void SGD::update(const Options& options, const Tensor& like,
                 std::span<const kernels::OptimPart> parts) {
  const kernels::SgdRule rule{options.lr,           options.momentum, config_.dampening,
                              options.weight_decay, config_.nesterov, config_.maximize};
  on_cpu("SGD", like, [&](auto device) { kernels::sgd(device, like.dtype(), rule, parts); });
}

}  // namespace strata
