#pragma once

#include <cstdint>
#include <vector>

#include "strata/device/device.h"
#include "strata/tensor/tensor.h"

// Linear algebra by LAPACK, which keeps matrices column by column: here a batch of r x c matrices
// is a contiguous tensor [batch, c, r] of f32 or f64. The results are LAPACK's codes, one for each
// matrix: 0 for success.
namespace strata::kernels {

using Codes = std::vector<int>;

/// b [batch, k, n] becomes the solution x of a x = b, a [batch, n, n] its LU factors, and pivots
/// [batch, n], i32, the rows that were exchanged. A code above 0 is the number of a pivot of 0.
Codes solve(Cpu, Tensor& a, Tensor& pivots, Tensor& b);
/// The same of a^T x = b, by the factors and pivots of a.
void solve_transposed(Cpu, const Tensor& lu, const Tensor& pivots, Tensor& b);

/// solve() for a triangular a, of which the other triangle is not read.
Codes solve_triangular(Cpu, bool upper, const Tensor& a, Tensor& b);

/// Sign, logarithm of the absolute value, and value of each determinant: [batch]. a is destroyed.
void determinant(Cpu, Tensor& a, Tensor& sign, Tensor& logarithm, Tensor& value);

/// a [batch, n, m] becomes its LU factors, the ones on L's diagonal left out; row i of L U is row
/// order[i] of a, i64 [batch, m].
void lu(Cpu, Tensor& a, Tensor& order);

/// a becomes its lower factor, the upper triangle 0; only the lower one is read. A code above 0 is
/// the order of the leading minor that is not positive.
Codes cholesky(Cpu, Tensor& a);

/// a [batch, n, m] with m >= n becomes Q, and r [batch, n, n] R, its lower triangle 0.
void qr(Cpu, Tensor& a, Tensor& r);

/// Code -1: a is not finite, another one: no convergence.
/// a [batch, n, m] is destroyed; u [batch, k, m], s [batch, k], vh [batch, n, k], k = min(m, n); or
/// whole bases, u [batch, m, m] and vh [batch, n, n].
Codes svd(Cpu, Tensor& a, Tensor& u, Tensor& s, Tensor& vh);
/// s alone.
Codes svdvals(Cpu, Tensor& a, Tensor& s);
/// a becomes its eigenvectors, or is destroyed without `vectors`; values [batch, n] ascend; only
/// the lower triangle is read.
Codes eigh(Cpu, bool vectors, Tensor& a, Tensor& values);
/// The real and the imaginary parts [batch, n] of the eigenvalues of any square a, destroyed.
Codes eigvals(Cpu, Tensor& a, Tensor& real, Tensor& imaginary);

}  // namespace strata::kernels
