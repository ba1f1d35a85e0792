#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

// Linear algebra by LAPACK on matrices [..., rows, columns]; axes in front are a batch. As the
// functions of torch.linalg. All take f32 and f64 alone and throw DTypeError for others,
// ShapeError for fewer than two axes and where a square matrix is asked for. What cannot be done
// (a singular matrix, one that is not positive definite, no convergence, NaN) throws NumericError,
// which names the matrix.

/// The inverse of square matrices.
Tensor inverse(const Tensor& a);

/// The determinant of square matrices: 0 for a singular one, whose gradient throws NumericError.
Tensor det(const Tensor& a);

struct SignAndLog {
  Tensor sign;           ///< 1, -1, or 0 for a singular matrix; its gradient is zero
  Tensor log_magnitude;  ///< log(|det(a)|)
};

/// The determinant in parts that do not overflow. Throws as det.
SignAndLog slogdet(const Tensor& a);

/// The solution x of a x = b for square a: x has b's shape [..., n, k]. The batches broadcast.
/// Where b has one axis, or a's shape without the last axis, it is a batch of vectors.
Tensor solve(const Tensor& a, const Tensor& b);

/// The same for an upper (lower) triangular a, of which the other triangle is not read. b is no
/// vector.
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper);

/// The lower triangular l with l l^T = a, for symmetric positive definite a, of which the upper
/// triangle is not read. The gradient is symmetric.
Tensor cholesky(const Tensor& a);

struct Qr {
  Tensor q;  ///< [..., m, k], orthonormal columns, k = min(m, n)
  Tensor r;  ///< [..., k, n], upper triangular
};

/// a = q r of a [..., m, n]; with the signs of LAPACK's Householder reflections. The gradient needs
/// independent columns (the first k of them): else it throws NumericError.
Qr qr(const Tensor& a);

struct Svd {
  Tensor u;   ///< [..., m, k], orthonormal columns, k = min(m, n); full: [..., m, m]
  Tensor s;   ///< [..., k], descending
  Tensor vh;  ///< [..., k, n], orthonormal rows; full: [..., n, n]
};

/// a = u diag(s) vh of a [..., m, n]; as torch.linalg.svd(full_matrices). Each column of u is known
/// up to its sign, which a function with a gradient must not depend on; that of u and vh is
/// infinite where two singular values are equal. Of full matrices the columns of u and rows of vh
/// beyond the k-th may be any that complete the basis, and pass no gradient.
Svd svd(const Tensor& a, bool full_matrices = false);

struct Eigh {
  Tensor values;   ///< [..., n], ascending
  Tensor vectors;  ///< [..., n, n], orthonormal columns
};

/// a = vectors diag(values) vectors^T of symmetric a, of which the upper triangle is not read.
/// Signs and gradients as those of svd; the gradient is that of a change that keeps a symmetric.
Eigh eigh(const Tensor& a);

}  // namespace strata
