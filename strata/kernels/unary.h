#pragma once

#include "strata/device/device.h"
#include "strata/tensor/tensor.h"

// y = f(x), element by element. x broadcasts to y's shape and may have any dtype; f is computed in
// f64 where y is f64, in f32 for other floating y, and in i64 for integer y.
namespace strata::kernels {

void exp(Cpu, const Tensor& x, Tensor& y);
void expm1(Cpu, const Tensor& x, Tensor& y);
void log(Cpu, const Tensor& x, Tensor& y);
void log1p(Cpu, const Tensor& x, Tensor& y);
void sqrt(Cpu, const Tensor& x, Tensor& y);
void rsqrt(Cpu, const Tensor& x, Tensor& y);
void reciprocal(Cpu, const Tensor& x, Tensor& y);
void sin(Cpu, const Tensor& x, Tensor& y);
void cos(Cpu, const Tensor& x, Tensor& y);
void tanh(Cpu, const Tensor& x, Tensor& y);
void erf(Cpu, const Tensor& x, Tensor& y);
void floor(Cpu, const Tensor& x, Tensor& y);
void ceil(Cpu, const Tensor& x, Tensor& y);
void round(Cpu, const Tensor& x, Tensor& y);
void neg(Cpu, const Tensor& x, Tensor& y);
void abs(Cpu, const Tensor& x, Tensor& y);
void square(Cpu, const Tensor& x, Tensor& y);
void sign(Cpu, const Tensor& x, Tensor& y);

/// dx = dy * (1 - y^2), of y = tanh(x).
void tanh_backward(Cpu, const Tensor& dy, const Tensor& y, Tensor& dx);

}  // namespace strata::kernels
