#include "strata/ops/operand.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"

namespace strata {
namespace {

/// 2 for tensors with dimensions, 1 for those of rank 0, 0 for numbers.
int priority(const Operand& o) { return o.is_tensor() ? 1 + (o.tensor().rank() > 0) : 0; }

DType dtype_of_operand(const Operand& o) {
  return o.is_tensor() ? o.tensor().dtype() : o.number().dtype();
}

Tensor as_tensor(const Operand& o, DType dtype, Device device) {
  return o.is_tensor() ? o.tensor() : number_tensor(o.number(), dtype, device);
}

}  // namespace

int64_t Number::integer() const {
  if (!is_floating(dtype_)) return integer_;
  if (real_ >= -0x1p63 && real_ < 0x1p63) return static_cast<int64_t>(real_);
  throw ValueError("number", fmt::format("{} is no 64-bit integer", real_));
}

Tensor number_tensor(Number number, DType dtype, Device device) {
  if (!is_floating(dtype)) dtype = DType::i64;
  if (is_floating(dtype) && dtype != DType::f64) dtype = DType::f32;
  Tensor t = empty({}, dtype, device);
  if (t.is_meta()) return t;
  if (dtype == DType::f32) {
    *t.data<float>() = static_cast<float>(number.real());
  } else if (dtype == DType::f64) {
    *t.data<double>() = number.real();
  } else {
    *t.data<int64_t>() = number.integer();
  }
  return t;
}

DType result_type(const Operand& a, const Operand& b) {
  const int pa = priority(a), pb = priority(b);
  const DType ta = dtype_of_operand(a), tb = dtype_of_operand(b);
  if (pa == pb) return promote(ta, tb);
  const DType higher = pa > pb ? ta : tb, lower = pa > pb ? tb : ta;
  if (is_floating(higher)) return higher;
  if (higher == DType::boolean || is_floating(lower)) return promote(higher, lower);
  return higher;
}

Operands operands(const char* op, const Operand& a, const Operand& b) {
  return operands(op, a, b, result_type(a, b));
}

Operands operands(const char* op, const Operand& a, const Operand& b, DType dtype) {
  if (!a.is_tensor() && !b.is_tensor()) throw ValueError(op, "one of the two must be a tensor");
  const Device device = (a.is_tensor() ? a : b).tensor().device();
  Operands out{as_tensor(a, dtype, device), as_tensor(b, dtype, device), dtype, {}};
  internal::check_same_device(op, out.a, out.b);
  out.shape = broadcast_shapes(op, out.a.shape(), out.b.shape());
  return out;
}

Tensor FitGradient::operator()(const Tensor& g) const { return cast(sum_to(g, shape_), dtype_); }

}  // namespace strata
