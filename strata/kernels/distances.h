#pragma once

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// y[o][i][j] = the p-norm of a[o][i] - b[o][j], for a [outer, m, width], b [outer, n, width] and y
/// [outer, m, n], all contiguous, of f32 or f64, and not empty. p >= 0, infinity too.
void cdist(Cpu, const Tensor& a, const Tensor& b, double p, Tensor& y);

/// Its way back to a: da[o][i] = the sum over j of weights[o][i][j] * s(a[o][i] - b[o][j]), where
/// s(t) is sign(t) |t|^(p - 1), 0 at 0; for infinity sign(t) where |t| is y[o][i][j], else 0. p >
/// 0; weights and y [outer, m, n], all contiguous.
void cdist_back(Cpu, const Tensor& a, const Tensor& b, double p, const Tensor& weights,
                const Tensor& y, Tensor& da);

/// The distances of the pairs of rows of x [n, width], those of rows 0 and 1 first, then 0 and 2: y
/// [n (n - 1) / 2]. As cdist else; not empty.
void pdist(Cpu, const Tensor& x, double p, Tensor& y);

/// Its way back, as that of cdist: weights and y [n (n - 1) / 2], dx [n, width].
void pdist_back(Cpu, const Tensor& x, double p, const Tensor& weights, const Tensor& y, Tensor& dx);

}  // namespace strata::kernels
