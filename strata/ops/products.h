#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata {

// Products and sums of matrices that are made of others. matmul takes what torch's mm, bmm, mv and
// dot take, einsum all other contractions.

/// The sum of the diagonal of a matrix; i64 for integers and bools. Throws ShapeError for others.
/// As torch.trace.
Tensor trace(const Tensor& x);

/// The cross product of vectors in space along `axis`, where both have size 3. They have one
/// rank; shapes broadcast, dtypes are promoted. Throws ShapeError. As torch.linalg.cross.
Tensor cross(const Tensor& a, const Tensor& b, int axis = -1);

/// Sums of products over axes_a[i] of a and axes_b[i] of b, of equal sizes: the other axes of a,
/// then those of b. Both have one dtype, any but bool. Throws ValueError where the lists differ in
/// length or name an axis twice, ShapeError, DTypeError. As torch.tensordot.
Tensor tensordot(const Tensor& a, const Tensor& b, const Dims& axes_a, const Dims& axes_b);
/// The same over the last `count` axes of a and the first of b.
Tensor tensordot(const Tensor& a, const Tensor& b, int count = 2);

/// Kronecker's product: each element of a times the whole of b, of shape a.shape * b.shape; axes of
/// size 1 are added in front of the shorter one. Throws ShapeError beyond four axes. As torch.kron.
Tensor kron(const Tensor& a, const Tensor& b);

}  // namespace strata
