#pragma once

#include <cstdint>
#include <span>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// An array of a sweep over many: contiguous.
struct ArrayPart {
  void* data;
  int64_t size;
};

/// The sum of |x|^order over all elements, or for infinite order the largest |x|; NaN if one is.
/// Added up in f64 in an order that follows the sizes alone. dtype f32 or f64.
double power_sum(Cpu, DType dtype, double order, std::span<const ArrayPart> parts);

/// x *= factor. dtype f32 or f64.
void scale(Cpu, DType dtype, double factor, std::span<const ArrayPart> parts);

/// x = min(max(x, -limit), limit); NaN stays. dtype f32 or f64.
void clamp(Cpu, DType dtype, double limit, std::span<const ArrayPart> parts);

}  // namespace strata::kernels
