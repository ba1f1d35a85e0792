#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// Reductions over `axes` (all if empty; negative ones count from the end); with `keep` these stay
/// as axes of size 1. The order of additions follows the shape alone; bf16 and f16 are summed in
/// f32. All throw IndexError for an axis outside of x's, ValueError for one named twice.

/// Sum; 0 where there is nothing to sum. Integers and booleans are summed in i64.
Tensor sum(const Tensor& x, const Dims& axes = {}, bool keep = false);

/// Mean; NaN where there is nothing to average. Throws DTypeError for integers.
Tensor mean(const Tensor& x, const Dims& axes = {}, bool keep = false);

/// Sum and mean of what is not NaN; of nothing 0 and NaN. nansum sums integers and booleans in i64,
/// nanmean throws DTypeError for them.
Tensor nansum(const Tensor& x, const Dims& axes = {}, bool keep = false);
Tensor nanmean(const Tensor& x, const Dims& axes = {}, bool keep = false);

/// Variance: the sum of squared deviations divided by count - correction, as torch.var. NaN where
/// that is 0 / 0. Throws DTypeError for integers.
Tensor var(const Tensor& x, const Dims& axes = {}, double correction = 1, bool keep = false);

/// Standard deviation: the root of var, as torch.std. The gradient of a zero one is 0. Throws
/// DTypeError for integers.
Tensor stddev(const Tensor& x, const Dims& axes = {}, double correction = 1, bool keep = false);

struct VarMean {
  Tensor var, mean;
};

/// var and mean of the same elements, as torch.var_mean.
VarMean var_mean(const Tensor& x, const Dims& axes = {}, double correction = 1, bool keep = false);

/// log(sum(e^x)), the maximum taken off first. Throws DTypeError for integers.
Tensor logsumexp(const Tensor& x, const Dims& axes = {}, bool keep = false);

/// The p-norm sum(|x|^p)^(1/p); the largest |x| for p = infinity, the smallest for -infinity, the
/// number of non-zeros for 0. That of nothing is 0, for p < 0 an IndexError. The gradient of a zero
/// norm is 0. Throws DTypeError for integers.
Tensor norm(const Tensor& x, double p = 2, const Dims& axes = {}, bool keep = false);

/// Whether any element, or every one, is other than zero (NaN is); bool.
Tensor any(const Tensor& x, const Dims& axes = {}, bool keep = false);
Tensor all(const Tensor& x, const Dims& axes = {}, bool keep = false);

/// Running sums along `axis`, from its end with `reverse`; of x's shape and dtype, i64 for integers
/// and booleans.
Tensor cumsum(const Tensor& x, int axis, bool reverse = false);

/// Logarithms of the running sums of e^x along `axis`, none of which overflows. Throws DTypeError
/// for integers. As torch.logcumsumexp.
Tensor logcumsumexp(const Tensor& x, int axis);

/// Each element along `axis` less the one before it, `n` times over: n fewer of them. Bools give
/// whether the two differ. Throws ShapeError for a scalar, ValueError for a negative n. As
/// torch.diff.
Tensor diff(const Tensor& x, int64_t n = 1, int axis = -1);

/// Sums x down to `shape`, which x's shape must be a broadcast of: the way back of expand.
Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace strata
