#pragma once

#include "strata/device/device.h"
#include "strata/tensor/tensor.h"

// y = f(a, b), element by element. a and b broadcast to y's shape and may have any dtype; f is
// computed in f64 where y is f64, in f32 for other floating y, and in i64, modulo y's size, for
// integer y.
namespace strata::kernels {

void add(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
void sub(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
void mul(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
/// For floating y only.
void div(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
/// With libm's special values. Integers to negative powers are 0, but for 1 and -1.
void pow(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
/// NaN where either is NaN.
void maximum(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
void minimum(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
/// The part of maximum(a, b)'s gradient that is a's: 0 where a < b, 1/2 where a == b, else 1.
void share(Cpu, const Tensor& a, const Tensor& b, Tensor& y);

}  // namespace strata::kernels
