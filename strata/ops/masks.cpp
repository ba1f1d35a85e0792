#include "strata/ops/masks.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/masks.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/indexing.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

Tensor truth(const Tensor& x) { return x.dtype() == DType::boolean ? x : x != 0; }

/// The rows of nonzero() for a mask of bools.
Tensor places(const char* op, const Tensor& mask) {
  if (mask.is_meta()) throw DeviceError(op, "the shape depends on values, which meta lacks");
  const Tensor flags = contiguous(mask);
  Tensor y;
  on_cpu(op, mask, [&](Cpu cpu) {
    const auto before = kernels::count_true(cpu, flags);
    y = empty({before.back(), mask.rank()}, DType::i64, mask.device(), op);
    kernels::true_places(cpu, flags, before, y);
  });
  return y;
}

/// The numbers of the true elements, counted in row-major order.
Tensor numbers(const char* op, const Tensor& mask) {
  const NoGrad no_grad;
  return select(places(op, reshape(mask, {-1})), 1, 0);
}

/// The shape that both broadcast to.
Shape check_mask(const char* op, const Tensor& x, const Tensor& mask) {
  if (mask.dtype() != DType::boolean) {
    throw DTypeError(op, fmt::format("the mask must be bool, got {}", describe(mask)),
                     "ne(t, 0) makes one");
  }
  internal::check_same_device(op, x, mask);
  return broadcast_shapes(op, x.shape(), mask.shape());
}

}  // namespace

Tensor nonzero(const Tensor& x) { return places("nonzero", truth(x)); }

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  const Shape shape = check_mask("masked_select", x, mask);
  const Tensor chosen = numbers("masked_select", expand(mask, shape));
  return index_select(reshape(expand(x, shape), {-1}), 0, chosen);
}

Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source) {
  const char* op = "masked_scatter";
  const Shape shape = check_mask(op, x, mask);
  if (x.dtype() != source.dtype()) {
    throw DTypeError(op, fmt::format("x is {}, source is {}", describe(x), describe(source)),
                     "cast one of them");
  }
  internal::check_same_device(op, x, source);
  const Tensor whole = expand(x, shape);
  if (mask.is_meta()) return masked_fill(whole, mask, 0);
  const Tensor chosen = numbers(op, expand(mask, shape));
  if (chosen.numel() > source.numel()) {
    throw ValueError(op, fmt::format("{} elements of the mask are true, but source {} has {}",
                                     chosen.numel(), describe(source), source.numel()));
  }
  const Tensor values = slice(reshape(source, {-1}), 0, 0, chosen.numel());
  return reshape(scatter(reshape(whole, {-1}), 0, chosen, values), shape);
}

Tensor count_nonzero(const Tensor& x, const Dims& axes, bool keep) {
  return sum(truth(x), axes, keep);
}

}  // namespace strata
