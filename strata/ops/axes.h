#pragma once

#include "strata/tensor/tensor.h"

namespace strata::internal {

/// What is left of a shape when some of its axes are reduced.
struct ReducedShape {
  Shape kept;     ///< size 1 in the reduced axes
  Shape dropped;  ///< without them
  int64_t count;  ///< elements that go into one result
};

/// Throws IndexError tagged `op` for an axis outside of x's, ValueError for one named twice. No
/// axes means all.
ReducedShape reduced_shape(const char* op, const Tensor& x, const Dims& axes);

/// A contiguous tensor under another shape, without a trace on the tape.
Tensor with_shape(const Tensor& x, const Shape& shape);

/// x's sizes but for those of its last `count` axes: what lies in front of vectors or matrices.
Shape front_of(const Tensor& x, int count);

/// Throws DeviceError tagged `op`, which names both devices, unless a and b are on one. Every op of
/// several tensors asks it: kernels do not look, and of a meta tensor there is nothing to read.
void check_same_device(const char* op, const Tensor& a, const Tensor& b);

/// Throws DTypeError tagged `op` unless x is floating.
void check_floating(const char* op, const Tensor& x);

/// Throws IndexError tagged `op` where x has elements to reduce to none of a result that needs one.
void check_not_empty(const char* op, const Tensor& x, const ReducedShape& shape);

}  // namespace strata::internal
