#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// Sums and products with broadcasting; dtypes are promoted by PyTorch's table. Throw ShapeError
/// where the shapes do not broadcast.
Tensor add(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }

}  // namespace strata
