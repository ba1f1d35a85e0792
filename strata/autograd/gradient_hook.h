#pragma once

#include <functional>

#include "strata/tensor/tensor.h"

namespace strata {

/// What a hook makes of the gradient of a tensor: another of the same shape and dtype, or an
/// undefined tensor where it stays as it is. It may be shared: not to be written to.
using GradientHook = std::function<Tensor(const Tensor& dy)>;

/// x, with `hook` on the way back: it is called once per walk, with the sum of the gradients of all
/// that was made of the result, and what it returns is x's gradient. torch's `x.register_hook`, but
/// that x itself has none: go on with the result.
///
///   y = with_gradient_hook(y, [](const Tensor& dy) { return clamp(dy, -1, 1); });
///
/// Under create_graph what it computes is recorded. Where nothing is recorded it gives x back. On
/// the way back ShapeError, DTypeError and DeviceError are thrown for a gradient that does not fit.
/// Throws ValueError for an empty hook.
Tensor with_gradient_hook(const Tensor& x, GradientHook hook);

}  // namespace strata
