#include "strata/optim/adamw.h"

#include <utility>

namespace strata {

AdamW::AdamW(std::vector<Tensor> params, const AdamWConfig& config)
    : AdamW(one_group(std::move(params)), config) {}

AdamW::AdamW(std::vector<ParamGroup> groups, const AdamWConfig& config)
    : Adam("AdamW", std::move(groups),
           {config.lr, config.beta1, config.beta2, config.eps, config.weight_decay, config.amsgrad,
            config.maximize},
           true) {}

}  // namespace strata
