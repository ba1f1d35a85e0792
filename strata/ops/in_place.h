#pragma once

#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata {

// Arithmetic that writes into x: `x += y` computes x + y in x's own memory, which all handles and
// views of x see, and bumps its version. y is a tensor or a number that broadcasts to x's shape; it
// may share memory with x, and is then read before x is written. As in PyTorch:
// - Inside NoGrad, or where neither has a gradient, x may be any tensor: a leaf stays a leaf, and
//   `slice(x, 0, 0, 2) += 1` writes into a part of x.
// - Recorded, x becomes the result, with a gradient to what x was and to y. That needs an x which
//   nobody else looks at: no leaf that requires a gradient, no view, no second handle, and nothing
//   that an op keeps for its way back. `x = x + y` is for those.
// Throws GradError for the latter, ShapeError where y does not broadcast to x, and where several
// elements of x lie in one place, as expand() makes them; DTypeError where x's dtype cannot hold
// the result (floating values in integers, integers in bools); DeviceError.

Tensor& add_(Tensor& x, const Operand& y);
/// Throws DTypeError for two bools too.
Tensor& sub_(Tensor& x, const Operand& y);
Tensor& mul_(Tensor& x, const Operand& y);
/// True division: x must be floating.
Tensor& div_(Tensor& x, const Operand& y);

/// On the bits of integers and bools; throws as bitwise_and besides.
Tensor& bitwise_and_(Tensor& x, const Operand& y);
Tensor& bitwise_or_(Tensor& x, const Operand& y);
Tensor& bitwise_xor_(Tensor& x, const Operand& y);

inline Tensor& operator+=(Tensor& x, const Operand& y) { return add_(x, y); }
inline Tensor& operator-=(Tensor& x, const Operand& y) { return sub_(x, y); }
inline Tensor& operator*=(Tensor& x, const Operand& y) { return mul_(x, y); }
inline Tensor& operator/=(Tensor& x, const Operand& y) { return div_(x, y); }
inline Tensor& operator&=(Tensor& x, const Operand& y) { return bitwise_and_(x, y); }
inline Tensor& operator|=(Tensor& x, const Operand& y) { return bitwise_or_(x, y); }
inline Tensor& operator^=(Tensor& x, const Operand& y) { return bitwise_xor_(x, y); }

// The same for a view that has no name.
inline Tensor operator+=(Tensor&& x, const Operand& y) { return add_(x, y); }
inline Tensor operator-=(Tensor&& x, const Operand& y) { return sub_(x, y); }
inline Tensor operator*=(Tensor&& x, const Operand& y) { return mul_(x, y); }
inline Tensor operator/=(Tensor&& x, const Operand& y) { return div_(x, y); }
inline Tensor operator&=(Tensor&& x, const Operand& y) { return bitwise_and_(x, y); }
inline Tensor operator|=(Tensor&& x, const Operand& y) { return bitwise_or_(x, y); }
inline Tensor operator^=(Tensor&& x, const Operand& y) { return bitwise_xor_(x, y); }

}  // namespace strata
