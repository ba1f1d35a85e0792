#include "strata/ops/arithmetic.h"

#include "strata/kernels/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

template <class Kernel>
Tensor broadcast(const char* op, const Tensor& a, const Tensor& b, Kernel kernel) {
  const NoGrad no_grad;
  const Shape shape = broadcast_shapes(op, a.shape(), b.shape());
  const DType dtype = promote(a.dtype(), b.dtype());
  const Tensor p = expand(cast(a, dtype), shape), q = expand(cast(b, dtype), shape);
  Tensor y = empty(shape, dtype, a.device(), op);
  on_cpu(op, y, [&](Cpu cpu) { kernel(cpu, p, q, y); });
  return y;
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  return record(
      "add", {a, b}, broadcast("add", a, b, kernels::add),
      [sa = a.shape(), sb = b.shape()](const Tensor& dy, Needs needs) -> Grads {
        return {needs[0] ? sum_to(dy, sa) : Tensor(), needs[1] ? sum_to(dy, sb) : Tensor()};
      });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return record("mul", {a, b}, broadcast("mul", a, b, kernels::mul),
                [a = save(a), b = save(b)](const Tensor& dy, Needs needs) -> Grads {
                  const Tensor x = a.get(), y = b.get();
                  return {needs[0] ? sum_to(dy * y, x.shape()) : Tensor(),
                          needs[1] ? sum_to(dy * x, y.shape()) : Tensor()};
                });
}

}  // namespace strata
