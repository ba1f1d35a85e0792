#pragma once

#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata {

// Arithmetic with broadcasting. Each side is a tensor or a number; the result's dtype follows
// PyTorch's promotion (see result_type), integers wrap around. Gradients are summed back to the
// shape of each side. All throw ShapeError where the shapes do not broadcast.

Tensor add(const Operand& a, const Operand& b);
/// Throws DTypeError for two bools, as PyTorch.
Tensor sub(const Operand& a, const Operand& b);
Tensor mul(const Operand& a, const Operand& b);
/// True division: integers give f32.
Tensor div(const Operand& a, const Operand& b);

/// a to the power b. Throws ValueError for an integer tensor to a negative integer number.
Tensor pow(const Operand& a, const Operand& b);

/// The larger of the two; NaN where either is. Ties share the gradient.
Tensor maximum(const Operand& a, const Operand& b);
/// The smaller of the two; NaN where either is. Ties share the gradient.
Tensor minimum(const Operand& a, const Operand& b);

inline Tensor operator+(const Operand& a, const Operand& b) { return add(a, b); }
inline Tensor operator-(const Operand& a, const Operand& b) { return sub(a, b); }
inline Tensor operator*(const Operand& a, const Operand& b) { return mul(a, b); }
inline Tensor operator/(const Operand& a, const Operand& b) { return div(a, b); }
Tensor operator-(const Tensor& x);

namespace internal {

/// Throws DTypeError, tagged `op`, where bools would be subtracted to a bool.
void check_no_bools(const char* op, DType result);

}  // namespace internal
}  // namespace strata
