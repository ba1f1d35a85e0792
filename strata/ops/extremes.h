#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// NaN counts as the largest and as the smallest of all. Where several elements are equal, the
/// first one's position is given. All throw IndexError for an axis outside of x's, and where there
/// is no element to choose from.

/// Largest (smallest) element over `axes`, all if empty; with `keep` these stay, of size 1.
/// Elements that tie share the gradient evenly; where the result is NaN, all have NaN.
Tensor amax(const Tensor& x, const Dims& axes = {}, bool keep = false);
Tensor amin(const Tensor& x, const Dims& axes = {}, bool keep = false);
/// Largest (smallest) element of all. Elements that tie share the gradient evenly, NaN among NaN.
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);

struct Extremes {
  Tensor values;
  Tensor indices;  ///< i64
};

/// Largest (smallest) element along `axis` and its position, which alone gets the gradient. With
/// `keep` the axis stays, of size 1.
Extremes max(const Tensor& x, int axis, bool keep = false);
Extremes min(const Tensor& x, int axis, bool keep = false);

/// The k largest (smallest) elements along `axis`, best first, and their positions, the first of
/// equal ones first. NaN is larger than all. Throws ValueError unless 0 <= k <= the axis' size.
Extremes topk(const Tensor& x, int64_t k, int axis = -1, bool largest = true);

/// Position of the largest (smallest) element along `axis`; i64. With `keep` the axis stays, of
/// size 1.
Tensor argmax(const Tensor& x, int axis, bool keep = false);
Tensor argmin(const Tensor& x, int axis, bool keep = false);
/// Position in x flattened; i64[].
Tensor argmax(const Tensor& x);
Tensor argmin(const Tensor& x);

namespace internal {

/// `value`, a scalar that stands in x, tied to x: the elements equal to it share its gradient
/// evenly, NaN counting as equal to NaN.
Tensor record_shared(const char* op, const Tensor& x, const Tensor& value);

}  // namespace internal
}  // namespace strata
