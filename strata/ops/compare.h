#pragma once

#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Whether a and b are equal, element by element: bool, of the shape that theirs broadcast to,
/// without gradient. Each is a tensor of any dtype or a number; they are compared in the dtype that
/// they promote to, see result_type. NaN is unequal to everything. Throws ShapeError where the
/// shapes do not broadcast, DeviceError for tensors on different devices, and ValueError where both
/// are numbers.
Tensor eq(const Operand& a, const Operand& b);
/// Whether they differ, true where one is NaN. Shapes, dtypes and errors as eq.
Tensor ne(const Operand& a, const Operand& b);
/// a < b, false where one is NaN. Shapes, dtypes and errors as eq; so the next three.
Tensor lt(const Operand& a, const Operand& b);
/// a <= b.
Tensor le(const Operand& a, const Operand& b);
/// a > b.
Tensor gt(const Operand& a, const Operand& b);
/// a >= b.
Tensor ge(const Operand& a, const Operand& b);

/// The six as operators: a == b is a tensor of bools, not a bool.
inline Tensor operator==(const Operand& a, const Operand& b) { return eq(a, b); }
inline Tensor operator!=(const Operand& a, const Operand& b) { return ne(a, b); }
inline Tensor operator<(const Operand& a, const Operand& b) { return lt(a, b); }
inline Tensor operator<=(const Operand& a, const Operand& b) { return le(a, b); }
inline Tensor operator>(const Operand& a, const Operand& b) { return gt(a, b); }
inline Tensor operator>=(const Operand& a, const Operand& b) { return ge(a, b); }

/// Whether both are true: anything but zero counts as true, NaN too. Shapes, dtypes and errors as
/// eq; so the next two.
Tensor logical_and(const Operand& a, const Operand& b);
/// Whether one of them is true, or both.
Tensor logical_or(const Operand& a, const Operand& b);
/// Whether one of them is true, and not both.
Tensor logical_xor(const Operand& a, const Operand& b);
/// Whether x is zero: bool, of x's shape, for any dtype, without gradient; so the next three.
Tensor logical_not(const Tensor& x);

/// Whether x is NaN: false throughout for integers and bools.
Tensor isnan(const Tensor& x);
/// Whether x is infinity or -infinity: false throughout for integers and bools.
Tensor isinf(const Tensor& x);
/// Whether x is neither NaN nor infinite: true throughout for integers and bools.
Tensor isfinite(const Tensor& x);

}  // namespace strata
