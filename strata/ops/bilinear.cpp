#include "strata/ops/bilinear.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/matmul.h"
#include "strata/ops/views.h"

namespace strata {

Tensor bilinear(const Tensor& a, const Tensor& b, const Tensor& w, const Tensor& bias) {
  const char* op = "bilinear";
  const bool fits = w.rank() == 3 && a.rank() > 0 && a.rank() == b.rank() &&
                    internal::front_of(a, 1) == internal::front_of(b, 1) &&
                    a.size(-1) == w.size(1) && b.size(-1) == w.size(2);
  if (!fits) {
    throw ShapeError(
        op, fmt::format("w {} does not fit a {} and b {}", describe(w), describe(a), describe(b)),
        "a [..., n], b [..., m], w [out, n, m]");
  }
  const Shape front = internal::front_of(a, 1);
  const int64_t out = w.size(0), n = w.size(1), m = w.size(2), rows = numel(front);
  if (bias.defined() && bias.shape() != Shape{out}) {
    throw ShapeError(op, fmt::format("bias {} does not fit w {}", describe(bias), describe(w)));
  }
  if (bias.defined() && bias.dtype() != w.dtype()) {
    throw DTypeError(op, fmt::format("bias is {}, w is {}", describe(bias), describe(w)));
  }
  // All of a's products first, one matrix [out, m] a row, then b's.
  const Tensor by_a = matmul(reshape(a, {rows, n}), reshape(permute(w, {1, 0, 2}), {n, out * m}));
  const Tensor y = matmul(reshape(by_a, {rows, out, m}), reshape(b, {rows, m, 1}));
  const Tensor shaped = reshape(y, joined(front, {out}));
  return bias.defined() ? shaped + bias : shaped;
}

}  // namespace strata
