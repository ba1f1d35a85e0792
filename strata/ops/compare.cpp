#include "strata/ops/compare.h"

#include "strata/kernels/compare.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

template <class Kernel>
Tensor compare(const char* op, const Operand& a, const Operand& b, Kernel kernel) {
  const Operands in = operands(op, a, b);
  Tensor y = empty(in.shape, DType::boolean, in.a.device(), op);
  on_cpu(op, y, [&](Cpu cpu) { kernel(cpu, in.a, in.b, in.dtype, y); });
  return y;
}

template <class Kernel>
Tensor test(const char* op, const Tensor& x, Kernel kernel) {
  Tensor y = empty(x.shape(), DType::boolean, x.device(), op);
  on_cpu(op, y, [&](Cpu cpu) { kernel(cpu, x, y); });
  return y;
}

}  // namespace

Tensor eq(const Operand& a, const Operand& b) { return compare("eq", a, b, kernels::eq); }
Tensor ne(const Operand& a, const Operand& b) { return compare("ne", a, b, kernels::ne); }
Tensor lt(const Operand& a, const Operand& b) { return compare("lt", a, b, kernels::lt); }
Tensor le(const Operand& a, const Operand& b) { return compare("le", a, b, kernels::le); }
Tensor gt(const Operand& a, const Operand& b) { return compare("gt", a, b, kernels::gt); }
Tensor ge(const Operand& a, const Operand& b) { return compare("ge", a, b, kernels::ge); }

Tensor logical_and(const Operand& a, const Operand& b) {
  return compare("logical_and", a, b, kernels::logical_and);
}
Tensor logical_or(const Operand& a, const Operand& b) {
  return compare("logical_or", a, b, kernels::logical_or);
}

Tensor logical_xor(const Operand& a, const Operand& b) {
  const Operands in = operands("logical_xor", a, b);
  return ne(ne(in.a, 0), ne(in.b, 0));
}

Tensor logical_not(const Tensor& x) { return test("logical_not", x, kernels::logical_not); }
Tensor isnan(const Tensor& x) { return test("isnan", x, kernels::isnan); }
Tensor isinf(const Tensor& x) { return test("isinf", x, kernels::isinf); }
Tensor isfinite(const Tensor& x) { return test("isfinite", x, kernels::isfinite); }

}  // namespace strata
