#include "strata/train/frechet.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::train {
namespace {

constexpr int kMostSweeps = 64;

/// One n x n matrix, row by row.
struct Square {
  std::vector<double>& values;
  size_t n;
  double& operator()(size_t i, size_t j) { return values[i * n + j]; }
};

/// Turns rows or columns p and q of a matrix by the angle of cosine c and sine s.
void turn_rows(Square m, size_t p, size_t q, double c, double s) {
  for (size_t k = 0; k < m.n; ++k) {
    const double a = m(p, k), b = m(q, k);
    m(p, k) = c * a - s * b;
    m(q, k) = s * a + c * b;
  }
}
void turn_columns(Square m, size_t p, size_t q, double c, double s) {
  for (size_t k = 0; k < m.n; ++k) {
    const double a = m(k, p), b = m(k, q);
    m(k, p) = c * a - s * b;
    m(k, q) = s * a + c * b;
  }
}

/// Makes element p, q zero by a rotation (Golub and Van Loan, "Matrix computations", 8.5).
void rotate(Square a, Square vectors, size_t p, size_t q) {
  if (a(p, q) == 0) return;
  const double theta = (a(q, q) - a(p, p)) / (2 * a(p, q));
  const double t = std::copysign(1 / (std::abs(theta) + std::hypot(theta, 1)), theta);
  const double c = 1 / std::hypot(t, 1), s = t * c;
  turn_rows(a, p, q, c, s);
  turn_columns(a, p, q, c, s);
  turn_columns(vectors, p, q, c, s);
}

/// Root of the sum of the squares off the diagonal.
double off_diagonal(Square a) {
  double sum = 0;
  for (size_t i = 0; i < a.n; ++i) {
    for (size_t j = i + 1; j < a.n; ++j) sum += a(i, j) * a(i, j);
  }
  return std::sqrt(2 * sum);
}

/// A positive semidefinite matrix's square root; rounding may have made eigenvalues negative.
std::vector<double> square_root(const std::vector<double>& matrix, size_t n) {
  const Eigen e = symmetric_eigen(matrix, static_cast<int64_t>(n));
  std::vector<double> root(n * n);
  for (size_t k = 0; k < n; ++k) {
    const double r = std::sqrt(std::max(0.0, e.values[k]));
    for (size_t i = 0; i < n; ++i) {
      const double scaled = r * e.vectors[i * n + k];
      for (size_t j = 0; j < n; ++j) root[i * n + j] += scaled * e.vectors[j * n + k];
    }
  }
  return root;
}

std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b, size_t n) {
  std::vector<double> out(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < n; ++k) {
      for (size_t j = 0; j < n; ++j) out[i * n + j] += a[i * n + k] * b[k * n + j];
    }
  }
  return out;
}

}  // namespace

Eigen symmetric_eigen(std::vector<double> matrix, int64_t size) {
  const auto n = static_cast<size_t>(std::max<int64_t>(size, 0));
  if (matrix.size() != n * n) {
    throw ShapeError("symmetric_eigen",
                     fmt::format("{} elements are not a {}x{} matrix", matrix.size(), size, size));
  }
  if (!std::all_of(matrix.begin(), matrix.end(), [](double v) { return std::isfinite(v); })) {
    throw NumericError("symmetric_eigen", "the matrix holds NaN or infinity");
  }
  Eigen out{std::vector<double>(n), std::vector<double>(n * n)};
  Square a{matrix, n}, vectors{out.vectors, n};
  double largest = 0;
  for (size_t i = 0; i < n; ++i) {
    vectors(i, i) = 1;
    for (size_t j = i; j < n; ++j) {
      a(j, i) = a(i, j);
      largest = std::max(largest, std::abs(a(i, j)));
    }
  }
  for (int sweep = 0; sweep < kMostSweeps && off_diagonal(a) > 1e-15 * largest; ++sweep) {
    for (size_t p = 0; p < n; ++p) {
      for (size_t q = p + 1; q < n; ++q) rotate(a, vectors, p, q);
    }
  }
  for (size_t i = 0; i < n; ++i) out.values[i] = a(i, i);
  return out;
}

Gaussian gaussian_of(const Tensor& features) {
  if (features.rank() != 2 || features.size(0) < 2) {
    throw ShapeError("gaussian_of", fmt::format("features are {}, but at least two rows [N, D]",
                                                describe(features)));
  }
  const auto rows = static_cast<size_t>(features.size(0)),
             n = static_cast<size_t>(features.size(1));
  std::vector<double> x = features.to_vector<double>();
  Gaussian out{std::vector<double>(n), std::vector<double>(n * n)};
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < n; ++i) out.mean[i] += x[r * n + i];
  }
  for (double& m : out.mean) m /= static_cast<double>(rows);
  for (size_t r = 0; r < rows; ++r) {
    double* row = &x[r * n];
    for (size_t i = 0; i < n; ++i) row[i] -= out.mean[i];
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) out.covariance[i * n + j] += row[i] * row[j];
    }
  }
  for (double& c : out.covariance) c /= static_cast<double>(rows - 1);
  return out;
}

double frechet_distance(const Gaussian& a, const Gaussian& b) {
  const size_t n = a.mean.size();
  if (b.mean.size() != n) {
    throw ShapeError("frechet_distance", fmt::format("the widths are {} and {}", n, b.mean.size()));
  }
  const std::vector<double> root = square_root(a.covariance, n);
  const Eigen between =
      symmetric_eigen(product(product(root, b.covariance, n), root, n), static_cast<int64_t>(n));
  double distance = 0;
  for (size_t i = 0; i < n; ++i) {
    const double delta = a.mean[i] - b.mean[i];
    distance += delta * delta + a.covariance[i * n + i] + b.covariance[i * n + i] -
                2 * std::sqrt(std::max(0.0, between.values[i]));
  }
  return distance;
}

}  // namespace strata::train
