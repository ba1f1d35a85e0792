#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

// Linear algebra by LAPACK on matrices [..., rows, columns]; axes in front are a batch. As the
// functions of torch.linalg. All take f32 and f64 alone and throw DTypeError for others,
// ShapeError for fewer than two axes, where a square matrix is asked for and where sizes pass
// LAPACK's integers (svd from 23170 singular values on, eigh from 32767). What cannot be done (a
// singular matrix, one that is not positive definite, no convergence, NaN) throws NumericError,
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

/// The logarithm of the determinant: NaN where that is negative, -infinity for a singular matrix.
/// Throws as det.
Tensor logdet(const Tensor& a);

/// The solution x of a x = b for square a: x has b's shape [..., n, k]. The batches broadcast.
/// Where b has one axis, or a's shape without the last axis, it is a batch of vectors.
Tensor solve(const Tensor& a, const Tensor& b);

/// The same for an upper (lower) triangular a, of which the other triangle is not read. b is no
/// vector.
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper);

/// The lower triangular l with l l^T = a, for symmetric positive definite a, of which the upper
/// triangle is not read. The gradient is symmetric.
Tensor cholesky(const Tensor& a);

/// The solution x of a x = b for a = l l^T, l = cholesky(a), or of a = l^T l where l is `upper`. b
/// [..., n, k] is no vector; the batches broadcast. As torch.cholesky_solve.
Tensor cholesky_solve(const Tensor& b, const Tensor& l, bool upper = false);

struct Lu {
  Tensor p;  ///< [..., m, m], a permutation, without gradient
  Tensor l;  ///< [..., m, k], lower triangular with ones on its diagonal, k = min(m, n)
  Tensor u;  ///< [..., k, n], upper triangular
};

/// a = p l u of a [..., m, n], rows exchanged so that the largest of a column is divided by; for
/// singular a too. The gradient needs independent columns (the first k of them): else it throws
/// NumericError.
Lu lu(const Tensor& a);

/// The solution x of a x = b for square a = p l u, factored once for many b [..., n, k], no
/// vectors. The batches broadcast. Throws NumericError for a singular a.
Tensor lu_solve(const Lu& factors, const Tensor& b);

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

/// The singular values alone, which takes less time. Their gradient is finite where some are equal.
Tensor svdvals(const Tensor& a);

struct Eigh {
  Tensor values;   ///< [..., n], ascending
  Tensor vectors;  ///< [..., n, n], orthonormal columns
};

/// a = vectors diag(values) vectors^T of symmetric a, of which the upper triangle is not read.
/// Signs and gradients as those of svd; the gradient is that of a change that keeps a symmetric.
Eigh eigh(const Tensor& a);

/// The eigenvalues alone, which takes less time. Their gradient is finite where some are equal.
Tensor eigvalsh(const Tensor& a);

/// The eigenvalues of any square a, which may be complex: [..., n, 2], each a real and an imaginary
/// part, in no order, conjugate ones next to each other. They pass no gradient back: backward()
/// throws GradError.
Tensor eigvals(const Tensor& a);

}  // namespace strata
