#include "strata/ops/products.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/linalg.h"
#include "strata/ops/matmul.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

/// The axes of x apart from `axes`, which are normalised in place.
Dims other_axes(const Tensor& x, Dims& axes) {
  Dims others, named = Dims::filled(x.rank(), 0);
  for (int64_t& axis : axes) {
    axis = normalize_axis("tensordot", axis, x.rank());
    if (x.rank() == 0 || named[static_cast<int>(axis)]++) {
      throw ValueError("tensordot", fmt::format("axis {} of {} is named twice, or it has none",
                                                axis, describe(x)));
    }
  }
  for (int i = 0; i < x.rank(); ++i) {
    if (!named[i]) others.push_back(i);
  }
  return others;
}

Shape sizes_of(const Tensor& x, const Dims& axes) {
  Shape sizes;
  for (const int64_t axis : axes) sizes.push_back(x.size(static_cast<int>(axis)));
  return sizes;
}

/// A product of matrices and where it is best split (Godbole, "On efficient computation of matrix
/// chain products", 1973).
class Chain {
 public:
  explicit Chain(std::span<const Tensor> factors)
      : factors_(factors), splits_(factors.size() * factors.size()) {
    const size_t n = factors.size();
    std::vector<double> costs(n * n);
    for (size_t length = 2; length <= n; ++length) {
      for (size_t first = 0; first + length <= n; ++first) {
        const size_t last = first + length - 1;
        double& least = costs[first * n + last];
        least = std::numeric_limits<double>::infinity();
        for (size_t at = first; at < last; ++at) {
          const double cost = costs[first * n + at] + costs[(at + 1) * n + last] +
                              size(first, 0) * size(at, 1) * size(last, 1);
          if (cost >= least) continue;
          least = cost;
          splits_[first * n + last] = at;
        }
      }
    }
  }

  /// Of the factors from `first` to `last`.
  Tensor product(size_t first, size_t last) const {
    if (first == last) return factors_[first];
    const size_t at = splits_[first * factors_.size() + last];
    return matmul(product(first, at), product(at + 1, last));
  }

 private:
  double size(size_t factor, int axis) const {
    return static_cast<double>(factors_[factor].size(axis));
  }

  std::span<const Tensor> factors_;
  std::vector<size_t> splits_;  // [first, last]: the last factor of the left part
};

}  // namespace

Tensor trace(const Tensor& x) {
  if (x.rank() != 2) throw ShapeError("trace", fmt::format("takes a matrix, got {}", describe(x)));
  return sum(diagonal(x));
}

Tensor cross(const Tensor& a, const Tensor& b, int axis) {
  if (a.rank() != b.rank() || a.rank() == 0) {
    throw ShapeError("cross",
                     fmt::format("takes two tensors of one rank above 0, got {} and {}",
                                 describe(a), describe(b)),
                     a.rank() == b.rank() ? "" : "unsqueeze() one of them");
  }
  const Shape shape = broadcast_shapes("cross", a.shape(), b.shape());
  axis = normalize_axis("cross", axis, shape.rank());
  const Tensor x = expand(a, shape), y = expand(b, shape);
  if (a.size(axis) != 3 || b.size(axis) != 3) {
    throw ShapeError("cross", fmt::format("axis {} of {} and of {} must both have size 3", axis,
                                          describe(a), describe(b)));
  }
  const auto turned = [&](const Tensor& t, int64_t by) { return roll(t, {by}, {axis}); };
  return turned(x, -1) * turned(y, -2) - turned(x, -2) * turned(y, -1);
}

Tensor tensordot(const Tensor& a, const Tensor& b, const Dims& axes_a, const Dims& axes_b) {
  Dims of_a = axes_a, of_b = axes_b;
  if (of_a.size() != of_b.size()) {
    throw ValueError("tensordot", fmt::format("axes {} of a go with axes {} of b", to_string(of_a),
                                              to_string(of_b)));
  }
  const Dims kept_a = other_axes(a, of_a), kept_b = other_axes(b, of_b);
  const Shape inner = sizes_of(a, of_a);
  if (inner != sizes_of(b, of_b)) {
    throw ShapeError("tensordot",
                     fmt::format("axes {} of {} and axes {} of {} differ in size", to_string(of_a),
                                 describe(a), to_string(of_b), describe(b)));
  }
  const Shape rows = sizes_of(a, kept_a), columns = sizes_of(b, kept_b);
  const Tensor left = reshape(permute(a, joined(kept_a, of_a)), {numel(rows), numel(inner)});
  const Tensor right = reshape(permute(b, joined(of_b, kept_b)), {numel(inner), numel(columns)});
  return reshape(matmul(left, right), joined(rows, columns));
}

Tensor tensordot(const Tensor& a, const Tensor& b, int count) {
  if (count < 0 || count > std::min(a.rank(), b.rank())) {
    throw ValueError("tensordot",
                     fmt::format("{} axes of {} and {}", count, describe(a), describe(b)));
  }
  Dims of_a, of_b;
  for (int i = 0; i < count; ++i) {
    of_a.push_back(a.rank() - count + i);
    of_b.push_back(i);
  }
  return tensordot(a, b, of_a, of_b);
}

Tensor kron(const Tensor& a, const Tensor& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape of_a, of_b, shape;
  for (int i = 0; i < rank; ++i) {
    const int at_a = i - (rank - a.rank()), at_b = i - (rank - b.rank());
    const int64_t size_a = at_a < 0 ? 1 : a.shape()[at_a], size_b = at_b < 0 ? 1 : b.shape()[at_b];
    of_a = joined(of_a, {size_a, 1});
    of_b = joined(of_b, {1, size_b});
    shape.push_back(size_a * size_b);
  }
  return reshape(reshape(a, of_a) * reshape(b, of_b), shape);
}

Tensor multi_dot(std::span<const Tensor> xs) {
  if (xs.size() < 2) {
    throw ValueError("multi_dot", fmt::format("needs two tensors at least, got {}", xs.size()));
  }
  std::vector<Tensor> factors(xs.begin(), xs.end());
  const bool row = factors.front().rank() == 1, column = factors.back().rank() == 1;
  if (row) factors.front() = unsqueeze(factors.front(), 0);
  if (column) factors.back() = unsqueeze(factors.back(), 1);
  for (size_t i = 0; i < factors.size(); ++i) {
    if (factors[i].rank() != 2) {
      throw ShapeError("multi_dot", fmt::format("takes matrices, vectors first and last, got {}",
                                                describe(xs[i])));
    }
    if (i > 0 && factors[i].size(0) != factors[i - 1].size(1)) {
      throw ShapeError("multi_dot",
                       fmt::format("{} does not fit {}", describe(xs[i]), describe(xs[i - 1])));
    }
  }
  Tensor y = Chain(factors).product(0, factors.size() - 1);
  if (column) y = squeeze(y, 1);
  return row ? squeeze(y, 0) : y;
}

Tensor matrix_power(const Tensor& a, int64_t exponent) {
  if (a.rank() < 2 || a.size(-1) != a.size(-2)) {
    throw ShapeError("matrix_power", fmt::format("takes square matrices, got {}", describe(a)));
  }
  if (exponent == 0) return copy(expand(eye(a.size(-1), a.dtype(), a.device()), a.shape()));
  Tensor square = exponent < 0 ? inverse(a) : a, y;
  uint64_t left = static_cast<uint64_t>(exponent);
  if (exponent < 0) left = 0 - left;
  for (;; square = matmul(square, square)) {
    if (left % 2 == 1) y = y.defined() ? matmul(y, square) : square;
    left /= 2;
    if (left == 0) return y.same_as(a) ? copy(a) : y;
  }
}

}  // namespace strata
