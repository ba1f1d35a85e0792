#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// Whether |a - b| <= atol + rtol |b|, element by element: bool. Infinities are close to themselves
/// alone, NaN to NaN with `equal_nan`. Integers are compared in f64, exactly where both tolerances
/// are 0. Shapes broadcast. Throws ShapeError, DeviceError, ValueError for a negative (or NaN)
/// tolerance. As torch.isclose, which compares integers in f32.
Tensor isclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
               bool equal_nan = false);

/// Whether all elements are close. Throws as isclose, and for meta tensors DeviceError. As
/// torch.allclose.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false);

/// Whether a and b have one shape and equal elements; NaN is unequal to NaN. Tensors of different
/// dtypes are compared in the one that they promote to. Throws DeviceError for meta tensors, and
/// for tensors on different devices. As torch.equal.
bool equal(const Tensor& a, const Tensor& b);

}  // namespace strata
