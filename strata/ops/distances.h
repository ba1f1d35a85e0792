#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// a . b / (|a| |b|) along `axis`, which disappears; each length counts as `eps` at least. Shapes
/// broadcast. Throws DTypeError for integers, ShapeError, IndexError. As
/// torch.nn.functional.cosine_similarity, whose axis is 1 if not said.
Tensor cosine_similarity(const Tensor& a, const Tensor& b, int axis = -1, double eps = 1e-8);

/// The p-norm of a - b + eps along the last axis, which with `keep` stays, of size 1. Shapes
/// broadcast. Throws DTypeError for integers, ShapeError. As
/// torch.nn.functional.pairwise_distance.
Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p = 2, double eps = 1e-6,
                         bool keep = false);

/// x over its p-norm along `axis`, which counts as `eps` at least. Throws DTypeError for integers,
/// IndexError. As torch.nn.functional.normalize, whose axis is 1 if not said.
Tensor normalize(const Tensor& x, double p = 2, int axis = -1, double eps = 1e-12);

/// The p-norm of each difference of a row of a [..., m, width] and one of b [..., n, width]: [...,
/// m, n]. The axes in front broadcast. Every difference is taken, so that near rows are as accurate
/// as far ones; half types are computed in f32. The gradient of a zero distance is 0. Throws
/// DTypeError for integers, ShapeError, ValueError unless p >= 0. As torch.cdist.
Tensor cdist(const Tensor& a, const Tensor& b, double p = 2);

/// The distances between the rows of x [n, width], those of rows 0 and 1 first, then 0 and 2:
/// [n (n - 1) / 2]. Accuracy, gradient and errors are cdist's. As torch.nn.functional.pdist.
Tensor pdist(const Tensor& x, double p = 2);

}  // namespace strata
