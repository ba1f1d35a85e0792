#include "strata/ops/select.h"

#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/select.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

void check_bool(const char* op, const char* what, const Tensor& t) {
  if (t.dtype() == DType::boolean) return;
  throw DTypeError(op, fmt::format("the {} must be bool, got {}", what, describe(t)),
                   "ne(t, 0) makes one");
}

Tensor choose(const char* op, const Tensor& condition, const Operands& in) {
  internal::check_same_device(op, condition, in.a);
  Tensor y = empty(broadcast_shapes(op, condition.shape(), in.shape), in.dtype, in.a.device(), op);
  on_cpu(op, y, [&](Cpu cpu) { kernels::where(cpu, condition, in.a, in.b, y); });
  return record(op, {in.a, in.b}, y,
                [c = save(condition), to_a = FitGradient(in.a), to_b = FitGradient(in.b)](
                    const Tensor& dy, Needs needs) -> Grads {
                  return {needs[0] ? to_a(where(c.get(), dy, 0)) : Tensor(),
                          needs[1] ? to_b(where(c.get(), 0, dy)) : Tensor()};
                });
}

}  // namespace

Tensor where(const Tensor& condition, const Operand& a, const Operand& b) {
  check_bool("where", "condition", condition);
  if (a.is_tensor() || b.is_tensor()) return choose("where", condition, operands("where", a, b));
  const DType dtype = promote(a.number().dtype(), b.number().dtype());
  const Tensor first = number_tensor(a.number(), dtype, condition.device());
  return choose("where", condition, operands("where", first, b, dtype));
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, Number value) {
  check_bool("masked_fill", "mask", mask);
  if (broadcast_shapes("masked_fill", x.shape(), mask.shape()) != x.shape()) {
    throw ShapeError("masked_fill", fmt::format("the mask {} does not broadcast to x, {}",
                                                describe(mask), describe(x)));
  }
  return choose("masked_fill", mask, operands("masked_fill", value, x, x.dtype()));
}

Tensor clamp(const Tensor& x, std::optional<Number> low, std::optional<Number> high) {
  if (!low && !high) throw ValueError("clamp", "at least one bound is needed");
  DType dtype = x.dtype();
  if (low) dtype = promote(dtype, result_type(x, *low));
  if (high) dtype = promote(dtype, result_type(x, *high));
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool real = is_floating(dtype);
  if (!low) low = real ? Number(-kInfinity) : Number(std::numeric_limits<int64_t>::min());
  if (!high) high = real ? Number(kInfinity) : Number(std::numeric_limits<int64_t>::max());
  Tensor y = empty(x.shape(), dtype, x.device());
  on_cpu("clamp", x, [&](Cpu cpu) {
    kernels::clamp(cpu, x, number_tensor(*low, dtype), number_tensor(*high, dtype), y);
  });
  return record("clamp", {x}, y,
                [x = save(x), low = *low, high = *high](const Tensor& dy, Needs) -> Grads {
                  const Tensor inside = logical_and(x.get() >= low, x.get() <= high);
                  return {where(inside, dy, 0)};
                });
}

Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high) {
  if (!low.defined() && !high.defined()) throw ValueError("clamp", "at least one bound is needed");
  // A NaN bound cuts everything, a NaN of x is never cut.
  const auto cut = [](const Tensor& beyond, const Tensor& bound, const Tensor& inside) {
    const Tensor mask = is_floating(bound.dtype()) ? logical_or(beyond, isnan(bound)) : beyond;
    return where(mask, bound, inside);
  };
  Tensor y = x;
  if (low.defined()) y = cut(low > y, low, y);
  if (high.defined()) y = cut(high < y, high, y);
  return y;
}

}  // namespace strata
