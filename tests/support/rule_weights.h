#pragma once

#include <cstdint>
#include <string>

#include "strata/nn/module.h"

namespace strata::testing {

/// Number `index` of the sequence that belongs to `name`, in [0, 1): a hash of both, the same as
/// in tools/golden/rule_weights.py. So big models need no weight files to be compared.
double rule_unit(const std::string& name, int64_t index);

/// Gives every parameter and floating buffer of a model values that follow its name, its shape in
/// files and the element's index there: weights of two axes and more uniform with variance
/// 1 / fan in, rank-1 weights in [0.8, 1.2), variances in [0.5, 1.5), all else in [-0.2, 0.2).
/// Integer buffers stay as they are.
void set_rule_weights(nn::Module& model);

/// f32 of that shape, uniform in [low, high).
Tensor rule_tensor(const std::string& name, const Shape& shape, double low = -1, double high = 1);

/// i64 of that shape, in 0 ... below - 1.
Tensor rule_integers(const std::string& name, const Shape& shape, int64_t below);

}  // namespace strata::testing
