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

}  // namespace strata
