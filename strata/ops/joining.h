#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata {

/// Joins tensors along an existing axis; all other sizes must be equal, dtypes are promoted. Throws
/// ShapeError, and ValueError for an empty list.
Tensor concat(std::span<const Tensor> xs, int axis = 0);
inline Tensor concat(std::initializer_list<Tensor> xs, int axis = 0) {
  return concat(std::span(xs.begin(), xs.size()), axis);
}

/// Joins tensors of one shape along a new axis.
Tensor stack(std::span<const Tensor> xs, int axis = 0);
inline Tensor stack(std::initializer_list<Tensor> xs, int axis = 0) {
  return stack(std::span(xs.begin(), xs.size()), axis);
}

/// torch's hstack, vstack and dstack: concat along the columns (vectors along their axis), the
/// rows, and a third axis; vstack takes vectors as rows [1, n], dstack as [1, n, 1] and matrices as
/// [r, c, 1]. Scalars count as vectors of one. Throw as concat.
Tensor hstack(std::span<const Tensor> xs);
Tensor vstack(std::span<const Tensor> xs);
Tensor dstack(std::span<const Tensor> xs);
inline Tensor hstack(std::initializer_list<Tensor> xs) {
  return hstack(std::span(xs.begin(), xs.size()));
}
inline Tensor vstack(std::initializer_list<Tensor> xs) {
  return vstack(std::span(xs.begin(), xs.size()));
}
inline Tensor dstack(std::initializer_list<Tensor> xs) {
  return dstack(std::span(xs.begin(), xs.size()));
}

/// The slices of x along `axis`, which disappears: views. Throws ShapeError for a scalar,
/// ValueError for more than 2^24 of them.
std::vector<Tensor> unbind(const Tensor& x, int axis = 0);

/// Views of x of the given sizes along `axis`. Throws ShapeError where the sizes do not add up.
/// Gradient: the pieces' gradients joined, zeros for pieces that were not used.
std::vector<Tensor> split(const Tensor& x, std::span<const int64_t> sizes, int axis = 0);
inline std::vector<Tensor> split(const Tensor& x, std::initializer_list<int64_t> sizes,
                                 int axis = 0) {
  return split(x, std::span(sizes.begin(), sizes.size()), axis);
}
/// Views of `size` each, the last one smaller where it does not divide. This and the next two throw
/// ShapeError for scalars, ValueError for sizes and counts below 1 and for more than 2^24 pieces.
std::vector<Tensor> split(const Tensor& x, int64_t size, int axis = 0);
/// At most `count` views of equal size, the last one smaller, as PyTorch's chunk; of an empty axis
/// `count` empty ones.
std::vector<Tensor> chunk(const Tensor& x, int64_t count, int axis = 0);

/// `count` views of sizes that differ by 1 at most, the larger ones first; empty ones where there
/// are too few slices. As torch.tensor_split.
std::vector<Tensor> tensor_split(const Tensor& x, int64_t count, int axis = 0);
/// Views that begin where `bounds` says, and one in front: Python's x[:b0], x[b0:b1], ..., with
/// bounds that count from the end and ones that are clamped.
std::vector<Tensor> tensor_split(const Tensor& x, std::span<const int64_t> bounds, int axis = 0);
inline std::vector<Tensor> tensor_split(const Tensor& x, std::initializer_list<int64_t> bounds,
                                        int axis = 0) {
  return tensor_split(x, std::span(bounds.begin(), bounds.size()), axis);
}

}  // namespace strata
