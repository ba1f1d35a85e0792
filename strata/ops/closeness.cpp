#include "strata/ops/closeness.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

bool truth(const char* op, const Tensor& y) {
  if (y.is_meta()) throw DeviceError(op, "meta tensors have no values to compare");
  return all(y).item<bool>();
}

Tensor close(const char* op, const Tensor& a, const Tensor& b, double rtol, double atol,
             bool equal_nan) {
  if (!(rtol >= 0 && atol >= 0)) {
    throw ValueError(
        op, fmt::format("tolerances must not be negative, got rtol {} and atol {}", rtol, atol));
  }
  broadcast_shapes(op, a.shape(), b.shape());
  const NoGrad no_grad;
  Tensor y = a == b;
  if (equal_nan) y = logical_or(y, logical_and(isnan(a), isnan(b)));
  if (rtol == 0 && atol == 0) return y;
  const DType common = promote(a.dtype(), b.dtype());
  // f32 tells integers above 2^24 from their neighbours no more.
  const DType dtype = is_floating(common) ? promote(common, DType::f32) : DType::f64;
  const Tensor wide_b = cast(b, dtype), way = abs(cast(a, dtype) - wide_b);
  const Tensor near = logical_and(isfinite(way), way <= abs(wide_b * rtol) + atol);
  return logical_or(y, near);
}

}  // namespace

Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  return close("isclose", a, b, rtol, atol, equal_nan);
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  return truth("allclose", close("allclose", a, b, rtol, atol, equal_nan));
}

bool equal(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && truth("equal", a == b);
}

}  // namespace strata
