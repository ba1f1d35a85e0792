#include "strata/ops/bitwise.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/bitwise.h"
#include "strata/ops/copy.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

template <class Kernel>
Tensor bits(const char* op, const Operands& in, Kernel kernel) {
  Tensor y = empty(in.shape, in.dtype, in.a.device(), op);
  on_cpu(op, y, [&](Cpu cpu) { kernel(cpu, in.a, in.b, y); });
  return y;
}

template <class Kernel>
Tensor combine(const char* op, const Operand& a, const Operand& b, Kernel kernel) {
  internal::check_bits(op, a, b);
  return bits(op, operands(op, a, b), kernel);
}

template <class Kernel>
Tensor shift(const char* op, const Operand& a, const Operand& b, Kernel kernel) {
  internal::check_bits(op, a, b);
  Operands in = operands(op, a, b);
  if (in.dtype == DType::boolean) throw DTypeError(op, "takes integers, got bools");
  in.a = cast(in.a, in.dtype);
  in.b = cast(in.b, in.dtype);
  return bits(op, in, kernel);
}

}  // namespace

void internal::check_bits(const char* op, const Operand& a, const Operand& b) {
  for (const Operand* side : {&a, &b}) {
    if (side->is_tensor() && is_floating(side->tensor().dtype())) {
      throw DTypeError(op,
                       fmt::format("takes integers and bools, got {}", describe(side->tensor())));
    }
    if (!side->is_tensor() && is_floating(side->number().dtype())) {
      throw DTypeError(op, fmt::format("takes integers and bools, got the floating number {}",
                                       side->number().real()));
    }
  }
}

Tensor bitwise_and(const Operand& a, const Operand& b) {
  return combine("bitwise_and", a, b, kernels::bitwise_and);
}
Tensor bitwise_or(const Operand& a, const Operand& b) {
  return combine("bitwise_or", a, b, kernels::bitwise_or);
}
Tensor bitwise_xor(const Operand& a, const Operand& b) {
  return combine("bitwise_xor", a, b, kernels::bitwise_xor);
}

Tensor bitwise_not(const Tensor& x) {
  internal::check_bits("bitwise_not", x, x);
  Tensor y = empty_like(x);
  on_cpu("bitwise_not", x, [&](Cpu cpu) { kernels::bitwise_not(cpu, x, y); });
  return y;
}

Tensor bitwise_left_shift(const Operand& a, const Operand& b) {
  return shift("bitwise_left_shift", a, b, kernels::left_shift);
}
Tensor bitwise_right_shift(const Operand& a, const Operand& b) {
  return shift("bitwise_right_shift", a, b, kernels::right_shift);
}

}  // namespace strata
