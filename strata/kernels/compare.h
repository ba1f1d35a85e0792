#pragma once

#include "strata/device/device.h"
#include "strata/tensor/tensor.h"

// Bools y from f(a, b), element by element. a and b broadcast to y's shape and are compared as
// f64 where `compute` is f64, as f32 for other floating `compute`, and as i64 for integers.
namespace strata::kernels {

void eq(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y);
void ne(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y);
void lt(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y);
void le(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y);
void gt(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y);
void ge(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y);
void logical_and(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y);
void logical_or(Cpu, const Tensor& a, const Tensor& b, DType compute, Tensor& y);
void logical_not(Cpu, const Tensor& x, Tensor& y);
void isnan(Cpu, const Tensor& x, Tensor& y);
void isinf(Cpu, const Tensor& x, Tensor& y);
void isfinite(Cpu, const Tensor& x, Tensor& y);

}  // namespace strata::kernels
