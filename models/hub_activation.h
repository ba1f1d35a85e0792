#pragma once

#include <string>

#include "strata/kernels/activation.h"
#include "strata/nn/layers/linear.h"

namespace strata::models {

/// The activation that a config.json of the Hugging Face hub names: "gelu", "gelu_new", "relu",
/// "silu", "tanh" and their other spellings. Throws ValueError, tagged `model`, naming the config's
/// `field`.
nn::Activation hub_activation(const char* model, const char* field, const std::string& name);

}  // namespace strata::models
