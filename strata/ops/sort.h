#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

struct Sorted {
  Tensor values;
  Tensor indices;  ///< i64: where each value was
};

/// x in rising (or falling) order along `axis`. Equal elements keep their order, NaN is larger than
/// all. Any dtype; the gradient goes back to where the values were, any number of times. Throws
/// IndexError for an axis that x does not have. As torch.sort(stable=True).
Sorted sort(const Tensor& x, int axis = -1, bool descending = false);
/// The indices alone.
Tensor argsort(const Tensor& x, int axis = -1, bool descending = false);

struct Unique {
  Tensor values;   ///< in rising order, each once
  Tensor inverse;  ///< i64, of x's shape: which of the values each element is
  Tensor counts;   ///< i64: how often each value stands in x
};

/// The different elements of x; each NaN is different from all. Without gradient. Throws
/// DeviceError for meta tensors, as the shape depends on values. As torch.unique.
Unique unique(const Tensor& x);
/// The different slices of x along `axis`, in the order of their elements; `inverse` and `counts`
/// are about slices, one number for each. Throws IndexError besides, and ShapeError where slices
/// have no elements. As torch.unique(dim).
Unique unique(const Tensor& x, int axis);

/// The same of neighbours that are equal: `values` are the first elements of each run, in x's
/// order, and `counts` the lengths of the runs. Throw as unique. As torch.unique_consecutive.
Unique unique_consecutive(const Tensor& x);
Unique unique_consecutive(const Tensor& x, int axis);

/// Whether each element of x is among `values`, of any shape: bool of x's shape; with `invert`
/// whether it is not. The two are compared in the dtype that they promote to; NaN is among none.
/// As torch.isin.
Tensor isin(const Tensor& x, const Tensor& values, bool invert = false);

/// For each of `values` the place where it would stand among the rising numbers along sorted's last
/// axis: in front of equal ones, with `right` behind them; i64 of values' shape. `sorted` is
/// one-dimensional, or has values' sizes along all axes but the last. NaN among the values goes to
/// the end. Throws ShapeError, and DTypeError where the two differ. As torch.searchsorted.
Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right = false);

/// The number of the bucket that each element of x falls into, between `boundaries`, rising:
/// searchsorted with the arguments the other way round. As torch.bucketize.
Tensor bucketize(const Tensor& x, const Tensor& boundaries, bool right = false);

}  // namespace strata
