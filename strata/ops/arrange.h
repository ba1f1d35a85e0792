#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata {

// Tensors that are put together of the elements of others. Any dtype; differentiable any number of
// times.

/// x turned by `quarters` quarter turns from the first of two axes to the second one, back for
/// negative ones. Throws IndexError, ValueError unless there are two different axes. As
/// torch.rot90.
Tensor rot90(const Tensor& x, int64_t quarters = 1, const Dims& axes = {0, 1});

/// The vectors along x's last axis as diagonals number `offset` of square matrices, zeros
/// elsewhere; the matrices' axes are axis_a and axis_b of the result, which has one more than x.
/// The opposite of diagonal. Throws ShapeError for a scalar, IndexError, ValueError where both are
/// one. As torch.diag_embed.
Tensor diag_embed(const Tensor& x, int64_t offset = 0, int axis_a = -2, int axis_b = -1);

/// A matrix with these along its diagonal, each at the last one's lower right corner, zeros
/// elsewhere. Vectors count as rows, scalars as [1, 1]; dtypes are promoted. Throws ShapeError
/// above two axes, ValueError for an empty list. As torch.block_diag.
Tensor block_diag(std::span<const Tensor> xs);
inline Tensor block_diag(std::initializer_list<Tensor> xs) {
  return block_diag(std::span(xs.begin(), xs.size()));
}

/// All ways to take an element of each vector, the last one's changing fastest: [ways, vectors];
/// one vector stays as it is. Throws ShapeError for others, ValueError for an empty list. As
/// torch.cartesian_prod.
Tensor cartesian_prod(std::span<const Tensor> xs);
inline Tensor cartesian_prod(std::initializer_list<Tensor> xs) {
  return cartesian_prod(std::span(xs.begin(), xs.size()));
}

/// All ways to take `count` elements of a vector in their order, each at most once unless with
/// `replacement`: [ways, count]. Throws ShapeError for others and for too many ways, ValueError for
/// a negative count. As torch.combinations.
Tensor combinations(const Tensor& x, int64_t count = 2, bool replacement = false);

/// The places in a tensor of `shape` that `index` counts in row-major order: i64 of index's shape,
/// one tensor for each axis. index holds integers, none negative. Throws DTypeError, IndexError. As
/// torch.unravel_index.
std::vector<Tensor> unravel_index(const Tensor& index, const Shape& shape);

}  // namespace strata
