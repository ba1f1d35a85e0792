#pragma once

#include <optional>

#include "strata/tensor/tensor.h"

namespace strata {

// Matrices [..., rows, columns] that need not be square nor have full rank, by the SVD; axes in
// front are a batch. All take f32 and f64 alone and throw DTypeError for others, ShapeError for
// fewer than two axes, NumericError where there is no convergence or NaN.

/// Which singular values count as zero: those up to the larger of `atol` and `rtol` times the
/// largest one. Negative (or NaN) numbers throw ValueError.
struct RankTolerance {
  double atol = 0;
  std::optional<double> rtol = {};  ///< max(rows, columns) * epsilon; 0 where atol is above 0
};

/// The pseudo-inverse of Moore and Penrose, [..., columns, rows]. The gradient is that of a change
/// that keeps the rank. As torch.linalg.pinv.
Tensor pinv(const Tensor& a, const RankTolerance& tolerance = {});

/// How many singular values do not count as zero: i64, one number for each matrix. As
/// torch.linalg.matrix_rank.
Tensor matrix_rank(const Tensor& a, const RankTolerance& tolerance = {});

struct LeastSquares {
  Tensor solution;         ///< [..., n, k], or [..., n] for vectors
  Tensor rank;             ///< i64[...]
  Tensor singular_values;  ///< [..., min(m, n)], descending, without gradient
};

/// The x that makes |a x - b| smallest for a [..., m, n] and b [..., m, k], the one of least |x|
/// where there are several. The batches broadcast; b may be vectors, as for solve(). The gradient
/// is that of a change that keeps the rank. As torch.linalg.lstsq, whose residuals are
/// sum(square(b - matmul(a, x)), -2).
LeastSquares lstsq(const Tensor& a, const Tensor& b, const RankTolerance& tolerance = {});

}  // namespace strata
