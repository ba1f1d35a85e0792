#pragma once

#include "strata/device/device.h"
#include "strata/tensor/tensor.h"

// y = f(a, b) on the bits of integers and bools, element by element. a and b broadcast to y's
// shape; y has any strides, and may be one of them.
namespace strata::kernels {

void bitwise_and(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
void bitwise_or(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
void bitwise_xor(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
/// x and y of one dtype; a bool becomes the other one.
void bitwise_not(Cpu, const Tensor& x, Tensor& y);
/// Integers a, b and y of one dtype. By a negative number, or by all the bits that y has or more,
/// gives 0.
void left_shift(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
/// The same; for a negative a the bits that come in are ones.
void right_shift(Cpu, const Tensor& a, const Tensor& b, Tensor& y);

}  // namespace strata::kernels
