#pragma once

#include <cstdint>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata::train {

/// Eigenvalues of a symmetric matrix, and its eigenvectors as the columns of an n x n matrix, row
/// by row.
struct Eigen {
  std::vector<double> values, vectors;
};

/// By Jacobi's rotations, in f64, for matrices up to some hundreds. Takes the n x n matrix row by
/// row; only its upper half counts. Throws ShapeError unless it has n^2 elements and NumericError
/// where one is not finite.
Eigen symmetric_eigen(std::vector<double> matrix, int64_t n);

/// Mean and covariance of rows, the covariance by count - 1.
struct Gaussian {
  std::vector<double> mean, covariance;
};

/// Of the rows of f[N, D]. Throws ShapeError for other ranks and fewer than two rows.
Gaussian gaussian_of(const Tensor& features);

/// The squared Wasserstein distance of two normal distributions,
/// |m - n|^2 + tr(C + D - 2 (C D)^(1/2)) (Heusel et al. 2017, who took it of a network's
/// features of images, the FID). Throws ShapeError where the widths differ.
double frechet_distance(const Gaussian& a, const Gaussian& b);

}  // namespace strata::train
