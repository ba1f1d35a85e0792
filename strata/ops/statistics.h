#pragma once

#include <cstdint>

#include "strata/ops/extremes.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// How often each number occurs in x, a vector of integers that are not negative: i64[n], n the
/// largest one plus 1, or `least` if that is more. Throws ShapeError, DTypeError, ValueError for
/// negative numbers, DeviceError for meta tensors, as the shape depends on values. As
/// torch.bincount.
Tensor bincount(const Tensor& x, int64_t least = 0);
/// Sums of the weights [size of x] that go with each number: f32 for f32, else f64.
Tensor bincount(const Tensor& x, const Tensor& weights, int64_t least = 0);

/// How many elements of x lie in each of `bins` ranges of one size from `low` to `high`, the last
/// of which holds `high` too; from the least to the largest element where low is high. Others, and
/// NaN, are left out. Of x's dtype [bins], without gradient. Throws DTypeError for integers,
/// ValueError for bins below 1 and where the range is not finite; DeviceError for meta tensors. As
/// torch.histc.
Tensor histc(const Tensor& x, int64_t bins = 100, double low = 0, double high = 0);

/// The k-th smallest element along `axis`, counted from 1, and its position, which alone gets the
/// gradient. NaN is larger than all. With `keep` the axis stays, of size 1. Throws ValueError
/// unless 1 <= k <= the axis' size, IndexError. As torch.kthvalue.
Extremes kthvalue(const Tensor& x, int64_t k, int axis = -1, bool keep = false);

/// The median along `axis` of the elements that are not NaN, the lower one of two, and its
/// position, which alone gets the gradient; NaN where all are. With `keep` the axis stays, of
/// size 1. Throws IndexError for an axis outside of x's or without elements. As torch.nanmedian.
Extremes nanmedian(const Tensor& x, int axis, bool keep = false);
/// That of all elements; those that are equal to it share the gradient evenly.
Tensor nanmedian(const Tensor& x);

struct MinMax {
  Tensor min, max;
};

/// amin and amax along `axis`, or of all elements, with their gradients and errors. As
/// torch.aminmax.
MinMax aminmax(const Tensor& x, int axis, bool keep = false);
MinMax aminmax(const Tensor& x);

/// The most frequent value along `axis`, the smallest of several, and the position where it stands
/// last, which alone gets the gradient; each NaN is different from all and larger. Throws
/// IndexError for an axis outside of x's or without elements. As torch.mode.
Extremes mode(const Tensor& x, int axis = -1, bool keep = false);

/// Covariances of the variables that are x's rows [variables, observations], divided by the number
/// of observations - correction: [variables, variables]. A vector is one variable, whose variance
/// is a scalar. Throws DTypeError for integers, ShapeError. As torch.cov.
Tensor cov(const Tensor& x, double correction = 1);

/// Pearson's correlations: covariances over both standard deviations, in [-1, 1]. Throws as cov. As
/// torch.corrcoef.
Tensor corrcoef(const Tensor& x);

}  // namespace strata
