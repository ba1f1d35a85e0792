#pragma once

#include <optional>

#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// a where `condition` (bool) is true, else b; the three broadcast. a and b may be numbers, both
/// too; the dtype is the one they promote to. Throws DTypeError where the condition is not bool,
/// ShapeError where the shapes do not broadcast.
Tensor where(const Tensor& condition, const Operand& a, const Operand& b);

/// x with `value` where `mask` (bool) is true; x's shape, to which the mask broadcasts, and dtype.
Tensor masked_fill(const Tensor& x, const Tensor& mask, Number value);

/// min(max(x, low), high); either bound may be left out. NaN stays; a NaN bound makes all NaN. The
/// gradient passes where low <= x <= high. Throws ValueError where both are left out.
Tensor clamp(const Tensor& x, std::optional<Number> low, std::optional<Number> high = {});

/// The same with a bound for each element; the three broadcast, dtypes are promoted, and either
/// bound may be undefined. Where low > high the result is high. The gradient of what is cut off
/// goes to the bound that cuts.
Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high);

}  // namespace strata
