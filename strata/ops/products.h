#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

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

/// The product of matrices, in the order that takes the fewest multiplications. The first one may
/// be a vector, a row, and so may the last one, a column: the result lacks that axis. Throws
/// ValueError for fewer than two, ShapeError, DTypeError. As torch.linalg.multi_dot.
Tensor multi_dot(std::span<const Tensor> xs);
inline Tensor multi_dot(std::initializer_list<Tensor> xs) {
  return multi_dot(std::span(xs.begin(), xs.size()));
}

/// Square matrices [..., n, n] to the power `exponent`, the inverse's for a negative one; for 0 the
/// identity, without gradient. Any dtype that matmul takes, inverses f32 and f64. Throws
/// ShapeError, DTypeError; NumericError where there is no inverse. As torch.linalg.matrix_power.
Tensor matrix_power(const Tensor& a, int64_t exponent);

}  // namespace strata
