#pragma once

#include <functional>

#include "strata/nn/module.h"

namespace strata {

/// Takes the running statistics of all batch norms in `model` anew, as the mean over the given
/// batches (torch.optim.swa_utils.update_bn): for weights that were averaged, which no batch has
/// gone through. `next` gives a batch of inputs, and an undefined tensor after the last. Each goes
/// through the model in training mode, without gradients; then each module has its mode from
/// before. Does nothing for a model without batch norms.
void update_batch_norm(nn::Module& model, const std::function<Tensor()>& next);

}  // namespace strata
