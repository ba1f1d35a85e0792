#pragma once

#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata {

// The bits of integers, with broadcasting; bools are one bit. Each side is a tensor or a number,
// and the result's dtype is the one that they promote to, see result_type. Without gradient. All
// throw DTypeError where a side is floating, ShapeError where the shapes do not broadcast,
// DeviceError for tensors on different devices, and ValueError where both are numbers.

/// a & b: of masks, where both are true.
Tensor bitwise_and(const Operand& a, const Operand& b);
/// a | b: of masks, where one of them is true, or both.
Tensor bitwise_or(const Operand& a, const Operand& b);
/// a ^ b: of masks, where they differ.
Tensor bitwise_xor(const Operand& a, const Operand& b);
/// ~x: of a mask, where it is false; of an integer, -x - 1, of u8 255 - x.
Tensor bitwise_not(const Tensor& x);

/// a * 2^b, without the bits beyond the dtype's size; 0 for a negative b. Throws DTypeError for
/// two bools too; so the next.
Tensor bitwise_left_shift(const Operand& a, const Operand& b);
/// a / 2^b, rounded down; the sign alone (0 or -1) for a negative b.
Tensor bitwise_right_shift(const Operand& a, const Operand& b);

inline Tensor operator&(const Operand& a, const Operand& b) { return bitwise_and(a, b); }
inline Tensor operator|(const Operand& a, const Operand& b) { return bitwise_or(a, b); }
inline Tensor operator^(const Operand& a, const Operand& b) { return bitwise_xor(a, b); }
inline Tensor operator~(const Tensor& x) { return bitwise_not(x); }
inline Tensor operator<<(const Operand& a, const Operand& b) { return bitwise_left_shift(a, b); }
inline Tensor operator>>(const Operand& a, const Operand& b) { return bitwise_right_shift(a, b); }

namespace internal {

/// Throws DTypeError, tagged `op`, where a side is floating.
void check_bits(const char* op, const Operand& a, const Operand& b);

}  // namespace internal
}  // namespace strata
