#include "strata/ops/matmul.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/work_counter.h"
#include "strata/kernels/matmul.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

void check_inputs(const Tensor& a, const Tensor& b) {
  const std::string both = fmt::format("a is {}, b is {}", describe(a), describe(b));
  if (a.rank() == 0 || b.rank() == 0) {
    throw ShapeError("matmul", "a scalar has no axis to sum over: " + both, "a * b?");
  }
  if (a.dtype() != b.dtype()) {
    throw DTypeError("matmul", "dtypes differ: " + both, "cast() one of them");
  }
  internal::check_same_device("matmul", a, b);
  if (a.dtype() == DType::boolean) throw DTypeError("matmul", "takes numbers, got bools: " + both);
  const int64_t inner = b.size(b.rank() == 1 ? 0 : -2);
  if (a.size(-1) == inner) return;
  const bool turned = a.rank() >= 2 && b.rank() >= 2 && a.size(-1) == b.size(-1);
  throw ShapeError("matmul",
                   fmt::format("inner sizes differ: {}; a's last ({}) must equal b's {} ({})", both,
                               a.size(-1), b.rank() == 1 ? "only" : "second-to-last", inner),
                   turned ? "transpose(b, -1, -2)?" : "");
}

/// x with its batch axes repeated to `batch`, in a layout that the kernel reads.
Tensor operand(const Tensor& x, Shape batch) {
  batch.push_back(x.size(-2));
  batch.push_back(x.size(-1));
  return expand(kernels::is_row_or_column_major(x) ? x : copy(x), batch);
}

Tensor product(const Tensor& a, const Tensor& b) {
  const NoGrad no_grad;  // of the views that arrange the inputs
  const Shape batch =
      broadcast_shapes("matmul", internal::front_of(a, 2), internal::front_of(b, 2));
  Shape shape = batch;
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  Tensor y = empty(shape, a.dtype(), a.device(), "matmul");
  count_macs(y.numel() * a.size(-1));
  on_cpu("matmul", y, [&](Cpu cpu) {
    kernels::matmul(cpu, operand(a, batch), operand(b, batch), {}, kernels::Activation::none, y);
  });
  return y;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  check_inputs(a, b);
  if (a.rank() == 1) return squeeze(matmul(unsqueeze(a, 0), b), b.rank() == 1 ? 0 : -2);
  if (b.rank() == 1) return squeeze(matmul(a, unsqueeze(b, -1)), -1);
  if (b.rank() == 2 && a.rank() > 2 && a.numel() > 0) {
    // One tall product, and in the way back one for b's gradient instead of a stack to be summed.
    Shape shape = a.shape();
    shape.back() = b.size(-1);
    return reshape(matmul(reshape(a, {-1, a.size(-1)}), b), shape);
  }
  return record("matmul", {a, b}, product(a, b),
                [a = save(a), b = save(b)](const Tensor& dy, Needs needs) -> Grads {
                  const Tensor x = a.get(), w = b.get();
                  Grads grads(2);
                  if (needs[0]) grads[0] = sum_to(matmul(dy, transpose(w, -1, -2)), x.shape());
                  if (needs[1]) grads[1] = sum_to(matmul(transpose(x, -1, -2), dy), w.shape());
                  return grads;
                });
}

}  // namespace strata
