#pragma once

#include <string>

#include "strata/base/random.h"
#include "strata/train/training.h"

namespace strata::train {

/// Says where the first NaN or infinity of the current batch arises: looks at the parameters, runs
/// the forward pass again from `random` on and looks at every module's output in order, then at the
/// gradients. "layer conv2 (Conv2d) is the first to give NaN".
std::string first_bad_place(Training& training, const Generator& random);

/// The first parameter of the model that is not finite: "parameter fc2.weight holds NaN"; empty if
/// there is none.
std::string bad_parameter(nn::Module& model);

}  // namespace strata::train
