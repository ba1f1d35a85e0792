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

/// Gradients of the sum of `ys`, weighted by `dys`, for each of `xs`, without touching any leaf's
/// gathered gradient. Where dys are left out, or one is undefined, y must have one element and its
/// dy is 1. An x that the ys do not depend on gets zeros. Throws as backward(), GradError for an x
/// that requires no gradient, ValueError where there are dys but not one for each y.
std::vector<Tensor> grad(std::span<const Tensor> ys, std::span<const Tensor> xs,
                         std::span<const Tensor> dys = {}, BackwardOptions options = {});

namespace internal {

/// grad() that does not walk on behind `ends`, which have nodes of their own.
std::vector<Tensor> grad_up_to(std::span<const Tensor> ends, std::span<const Tensor> ys,
                               std::span<const Tensor> xs, std::span<const Tensor> dys,
                               BackwardOptions options);

}  // namespace internal
}  // namespace strata
