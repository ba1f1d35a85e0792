#pragma once

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// The positions along `axis` in the order of their values, those of equal values in their own
/// order; NaN is the largest. `order` is i64, contiguous, of x's shape.
void argsort(Cpu, bool descending, const Tensor& x, int axis, Tensor& order);

/// For each of `values` its place among the rising numbers of `sorted`'s last axis: how many are
/// smaller, with `right` not larger. Both are contiguous and of one dtype, f32, f64 or i64;
/// `sorted` has one row for all values or as many as they have. y is i64, contiguous, of values'
/// shape.
void searchsorted(Cpu, bool right, const Tensor& sorted, const Tensor& values, Tensor& y);

}  // namespace strata::kernels
