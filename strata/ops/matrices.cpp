#include "strata/ops/matrices.h"

#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::internal {
namespace {

Tensor numbers(int64_t n, Device device) {
  return arange(static_cast<double>(n), DType::i64, device);
}

}  // namespace

void check_matrices(const char* op, const Tensor& a, bool square) {
  if (a.dtype() != DType::f32 && a.dtype() != DType::f64) {
    throw DTypeError(op, fmt::format("takes f32 and f64, got {}", describe(a)));
  }
  if (a.rank() < 2) throw ShapeError(op, fmt::format("takes matrices, got {}", describe(a)));
  if (square && a.size(-1) != a.size(-2)) {
    throw ShapeError(op, fmt::format("takes square matrices, got {}", describe(a)));
  }
  constexpr int64_t kMost = std::numeric_limits<int>::max() / 8;  // LAPACK's integers
  if (a.size(-1) > kMost || a.size(-2) > kMost) {
    throw ShapeError(op, fmt::format("{} is too large for LAPACK", describe(a)));
  }
}

bool are_vectors(const Tensor& a, const Tensor& b) {
  Shape without_last = a.shape();
  without_last.erase(a.rank() - 1);
  return b.rank() == 1 || (a.rank() > 2 && b.shape() == without_last);
}

void share_batch(const char* op, Tensor& a, Tensor& b) {
  check_matrices(op, b, false);
  if (a.dtype() != b.dtype()) {
    throw DTypeError(op, fmt::format("the dtypes differ: {} and {}", describe(a), describe(b)));
  }
  if (a.size(-2) != b.size(-2)) {
    throw ShapeError(op, fmt::format("b {} does not fit a {}", describe(b), describe(a)));
  }
  check_same_device(op, a, b);
  const Shape batch = broadcast_shapes(op, front_of(a, 2), front_of(b, 2));
  for (Tensor* x : {&a, &b}) {
    const Shape shape = joined(batch, {x->size(-2), x->size(-1)});
    if (x->shape() != shape) *x = expand(*x, shape);
  }
}

void check_codes(const char* op, const Tensor& a, const std::vector<int>& codes,
                 const char* complaint) {
  for (size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == 0) continue;
    const std::string which = a.rank() == 2 ? "the matrix " + describe(a)
                                            : fmt::format("matrix {} of {}", i, describe(a));
    throw NumericError(op, which + " " + (codes[i] > 0 ? complaint : "has NaN or infinity in it"));
  }
}

Tensor to_columns(const Tensor& a) {
  const NoGrad no_grad;
  const Tensor columns = copy(transposed(a));
  return reshape(columns, {numel(front_of(a, 2)), a.size(-1), a.size(-2)});
}

Tensor from_columns(const Tensor& columns, const Tensor& a) {
  const NoGrad no_grad;
  const Tensor rows = transposed(columns);
  return reshape(copy(rows), joined(front_of(a, 2), {rows.size(-2), rows.size(-1)}));
}

Tensor transposed(const Tensor& a) { return transpose(a, -1, -2); }

Tensor upper_mask(int64_t n, Device device) {
  return unsqueeze(numbers(n, device), 1) <= numbers(n, device);
}

Tensor diagonal_mask(int64_t n, Device device) {
  return unsqueeze(numbers(n, device), 1) == numbers(n, device);
}

}  // namespace strata::internal
