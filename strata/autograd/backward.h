#pragma once

#include <initializer_list>
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

/// The same from several tensors in one walk, weighted by `dys` as in grad(): `backward({a, b})`.
/// What they share is walked once, and needs no retain_graph.
void backward(std::span<const Tensor> ys, std::span<const Tensor> dys = {},
              BackwardOptions options = {});
void backward(std::initializer_list<Tensor> ys, std::initializer_list<Tensor> dys = {},
              BackwardOptions options = {});

/// Gradients of the sum of `ys`, weighted by `dys`, for each of `xs`, without touching any leaf's
/// gathered gradient. Where dys are left out, or one is undefined, y must have one element and its
/// dy is 1. An x that the ys do not depend on gets zeros. Throws as backward(), GradError for an x
/// that requires no gradient, ValueError where there are dys but not one for each y.
std::vector<Tensor> grad(std::span<const Tensor> ys, std::span<const Tensor> xs,
                         std::span<const Tensor> dys = {}, BackwardOptions options = {});
/// The same with lists in place: `grad({y}, {w, b}, {}, {.create_graph = true})`.
std::vector<Tensor> grad(std::initializer_list<Tensor> ys, std::initializer_list<Tensor> xs,
                         std::initializer_list<Tensor> dys = {}, BackwardOptions options = {});

/// The gradients of one y, weighted by `dy`: of one x, or of several.
Tensor grad(const Tensor& y, const Tensor& x, const Tensor& dy = {}, BackwardOptions options = {});
std::vector<Tensor> grad(const Tensor& y, std::span<const Tensor> xs, const Tensor& dy = {},
                         BackwardOptions options = {});
std::vector<Tensor> grad(const Tensor& y, std::initializer_list<Tensor> xs, const Tensor& dy = {},
                         BackwardOptions options = {});

namespace internal {

/// grad() that does not walk on behind `ends`, which have nodes of their own.
std::vector<Tensor> grad_up_to(std::span<const Tensor> ends, std::span<const Tensor> ys,
                               std::span<const Tensor> xs, std::span<const Tensor> dys,
                               BackwardOptions options);

}  // namespace internal
}  // namespace strata
