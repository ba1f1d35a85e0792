#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// The matrix product of a [..., m, k] and b [..., k, n]: [..., m, n]. The axes in front broadcast.
/// A vector a counts as [1, k] and a vector b as [k, 1]; the added axis disappears from the result,
/// so that two vectors give their dot product. Both must have one dtype, any but bool; sums of bf16
/// and f16 run in f32. Transposed and sliced inputs are read in place where rows or columns are
/// contiguous. Throws ShapeError, DTypeError.
Tensor matmul(const Tensor& a, const Tensor& b);

}  // namespace strata
