#pragma once

#include <functional>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata {

/// A part of a forward pass.
using Segment = std::function<Tensor(const std::vector<Tensor>& inputs)>;

/// fn(inputs), without keeping what lies between for the way back: there the segment is computed
/// once more (Chen et al., "Training deep nets with sublinear memory cost", 2016). Inputs may be
/// undefined. `parameters` are the leaves besides the inputs that fn uses;
/// nn::Module::parameters() gives a module's.
///
///   y = checkpoint([&](auto& in) { return block(in[0]); }, {x}, block.parameters());
///
/// The second pass draws the same random numbers from the default generator and computes in the
/// same precision, so results and gradients have the same bits as without; but for linear layers
/// with SiLU or GELU in bf16, which round once less where nothing is recorded. What else fn
/// changes, it changes twice: running statistics of batch norms take each batch in twice, as in
/// PyTorch. Throws GradError for a parameter that is the result of an op, and on the way back where
/// fn uses a leaf that is not listed, where it gives another shape, and where an input was
/// overwritten in between.
Tensor checkpoint(const Segment& fn, const std::vector<Tensor>& inputs,
                  const std::vector<Tensor>& parameters = {});

}  // namespace strata
