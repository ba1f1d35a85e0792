#pragma once

#include <span>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata {

struct BackwardOptions {
  bool retain_graph = false;  ///< keep the saved values for another walk
  bool create_graph = false;  ///< record the way back itself: gradients of gradients
};

/// Walks back from `y` and adds dy/dleaf to the gradient of every leaf it depends on. `dy` is the
/// gradient of y, of y's shape; left out, y must have one element and dy is 1. Throws GradError
/// where y has no history, ShapeError where dy does not fit.
void backward(const Tensor& y, const Tensor& dy = {}, BackwardOptions options = {});

/// Gradients of the sum of `ys` (weighted by `dys`, ones if empty) for each of `xs`, without
/// touching any leaf's gathered gradient. An x that the ys do not depend on gets zeros.
std::vector<Tensor> grad(std::span<const Tensor> ys, std::span<const Tensor> xs,
                         std::span<const Tensor> dys = {}, BackwardOptions options = {});

}  // namespace strata
