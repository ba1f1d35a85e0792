#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata {

enum class MatrixNorm : uint8_t {
  frobenius,  ///< the root of the sum of squares
  nuclear,    ///< the sum of the singular values
};

/// The norm of the matrices along two `axes` of x, rows and columns; with `keep` these stay, of
/// size 1. Throws DTypeError for integers, and for half types where singular values are asked for;
/// ShapeError unless there are two axes, IndexError for one outside of x's, and where nothing is
/// to be chosen from. As torch.linalg.matrix_norm.
Tensor matrix_norm(const Tensor& x, MatrixNorm kind = MatrixNorm::frobenius,
                   const Dims& axes = {-2, -1}, bool keep = false);
/// p = 1: the largest sum |x| of a column; infinity: of a row; 2: the largest singular value. The
/// smallest ones for -1, -infinity and -2. Elements that tie share the gradient evenly. Throws
/// ValueError for other numbers.
Tensor matrix_norm(const Tensor& x, double p, const Dims& axes = {-2, -1}, bool keep = false);

/// The condition of matrices [..., rows, columns]: how much a change of b can count in the x of
/// a x = b. The largest singular value over the smallest one; p = -2 is the inverse of that. Other
/// norms, of square matrices, give matrix_norm(a) matrix_norm(inverse(a)), infinity for a singular
/// one. 0 where there are no elements. f32 and f64. Throws as matrix_norm. As torch.linalg.cond.
Tensor cond(const Tensor& a, double p = 2);
Tensor cond(const Tensor& a, MatrixNorm kind);

}  // namespace strata
