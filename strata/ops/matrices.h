#pragma once

#include <vector>

#include "strata/tensor/tensor.h"

// What the functions of linalg.h share.
namespace strata::internal {

/// Throws tagged `op` unless a is a batch of matrices of f32 or f64, square ones if so said.
void check_matrices(const char* op, const Tensor& a, bool square);

/// Whether b, that goes with a [..., m, n], is a batch of vectors: of one axis, or of a's shape
/// without the last axis.
bool are_vectors(const Tensor& a, const Tensor& b);

/// Gives a [..., m, n] and b the batch that theirs broadcast to. Throws tagged `op` unless b is
/// [..., m, k] of a's dtype.
void share_batch(const char* op, Tensor& a, Tensor& b);

/// Throws NumericError "[op] matrix 3 of f64[5, 4, 4] is singular" for the first code above 0, and
/// another one for a code below it.
void check_codes(const char* op, const Tensor& a, const std::vector<int>& codes,
                 const char* complaint);

/// solve_triangular() for `op`, in linalg.cpp.
Tensor solve_triangle(const char* op, const Tensor& a, const Tensor& b, bool upper);

/// Columns stored one behind the other, as LAPACK wants them: [batch, c, r], a copy without a trace
/// on the tape.
Tensor to_columns(const Tensor& a);
/// The way back: matrices in a's batch.
Tensor from_columns(const Tensor& columns, const Tensor& a);

Tensor transposed(const Tensor& a);

/// bool [n, n]: true on the diagonal (and above it).
Tensor upper_mask(int64_t n, Device device);
Tensor diagonal_mask(int64_t n, Device device);

}  // namespace strata::internal
