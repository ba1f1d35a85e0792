#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// y[o] = sum over i, j of a[i] w[o][i][j] b[j], plus bias[o]: a [..., n], b [..., m] with the same
/// axes in front, w [out, n, m], bias [out] or undefined; [..., out]. All have one dtype, any but
/// bool. Throws ShapeError, DTypeError, DeviceError. As torch.nn.functional.bilinear.
Tensor bilinear(const Tensor& a, const Tensor& b, const Tensor& w, const Tensor& bias = {});

}  // namespace strata
