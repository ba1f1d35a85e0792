#include "strata/ops/axes.h"

#include <span>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::internal {

ReducedShape reduced_shape(const char* op, const Tensor& x, const Dims& axes) {
  Dims gone = Dims::filled(x.rank(), axes.empty());
  for (int64_t axis : axes) {
    const int i = normalize_axis(op, axis, x.rank());
    if (x.rank() == 0) continue;
    if (gone[i]) {
      throw ValueError(op, fmt::format("axis {} stands twice in {}", i, to_string(axes)));
    }
    gone[i] = 1;
  }
  ReducedShape out{x.shape(), {}, 1};
  for (int i = 0; i < x.rank(); ++i) {
    if (gone[i]) {
      out.count *= x.shape()[i];
      out.kept[i] = 1;
    } else {
      out.dropped.push_back(x.shape()[i]);
    }
  }
  return out;
}

Tensor with_shape(const Tensor& x, const Shape& shape) {
  return x.shape() == shape ? x : x.as_strided(shape, contiguous_strides(shape), x.offset());
}

Shape front_of(const Tensor& x, int count) {
  return Shape(std::span(x.shape().begin(), static_cast<size_t>(x.rank() - count)));
}

void check_same_device(const char* op, const Tensor& a, const Tensor& b) {
  if (a.device() == b.device()) return;
  throw DeviceError(op,
                    fmt::format("tensors on different devices: {} on {}, {} on {}", describe(a),
                                to_string(a.device()), describe(b), to_string(b.device())),
                    a.is_meta() || b.is_meta()
                        ? "what is made on meta has no values: make both on meta or neither"
                        : "make both on one device");
}

void check_floating(const char* op, const Tensor& x) {
  if (is_floating(x.dtype())) return;
  throw DTypeError(op, fmt::format("needs a floating tensor, got {}", describe(x)),
                   "cast(x, DType::f32)?");
}

void check_not_empty(const char* op, const Tensor& x, const ReducedShape& shape) {
  if (shape.count > 0 || numel(shape.kept) == 0) return;
  throw IndexError(op, fmt::format("{} has no element along the reduced axes", describe(x)));
}

}  // namespace strata::internal
