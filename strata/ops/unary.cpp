#include "strata/ops/unary.h"

#include "strata/kernels/unary.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {

Tensor exp(const Tensor& x) {
  if (!is_floating(x.dtype())) return exp(cast(x, DType::f32));
  Tensor y = empty_like(x);
  on_cpu("exp", x, [&](Cpu cpu) { kernels::exp(cpu, x, y); });
  return record("exp", {x}, y,
                [y = save_output(y)](const Tensor& dy, Needs) -> Grads { return {dy * y.get()}; });
}

}  // namespace strata
