#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// Indices are i64 tensors whose values the caller has checked; contiguous, but for gather and
/// scatter, which take any strides.

/// y = x gathered along `axis`; y contiguous, of index's shape and x's dtype; x of any strides.
void gather(Cpu, const Tensor& x, int axis, const Tensor& index, Tensor& y);

enum class Scatter : uint8_t { write, add, multiply, max, min };

/// y, contiguous, takes source (of index's shape, any strides, y's dtype) in along `axis`, in the
/// order of the index. NaN wins in max and min. Half types can only be written.
void scatter(Cpu, Scatter how, const Tensor& source, int axis, const Tensor& index, Tensor& y);

/// y[o][j][i] = x[o][index[j]][i] for x [outer, rows, inner] and y [outer, count, inner], both
/// contiguous; zeros where index[j] is `skip`.
void take_rows(Cpu, const Tensor& x, const Tensor& index, int64_t skip, Tensor& y);

/// y[o][index[j]][i] += x[o][j][i], in the order of j, but where index[j] is `skip`; x contiguous
/// [outer, count, inner], y contiguous [outer, rows, inner].
void add_rows(Cpu, const Tensor& x, const Tensor& index, int64_t skip, Tensor& y);

/// y [count, classes], contiguous and zero, gets a one at index[j] of row j.
void one_hot(Cpu, const Tensor& index, Tensor& y);

}  // namespace strata::kernels
