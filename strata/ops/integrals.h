#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

// Integrals along an axis of values y, by the trapezoidal rule; integers are added in i64 and give
// f32; 0 for fewer than two points. Differentiable any number of times.

/// Of points at the distance `dx`: y's shape without the axis. Throws ShapeError for a scalar,
/// IndexError. As torch.trapezoid.
Tensor trapezoid(const Tensor& y, double dx = 1, int axis = -1);
/// Of points at x: a vector of the axis' size, or any that broadcasts with y and has y's size along
/// the axis (or 1: then all points are one). Throws ShapeError.
Tensor trapezoid(const Tensor& y, const Tensor& x, int axis = -1);

/// The integrals up to each point but the first: one fewer along the axis. Throws as trapezoid. As
/// torch.cumulative_trapezoid.
Tensor cumulative_trapezoid(const Tensor& y, double dx = 1, int axis = -1);
Tensor cumulative_trapezoid(const Tensor& y, const Tensor& x, int axis = -1);

}  // namespace strata
