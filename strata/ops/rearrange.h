#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata {

// Ops that lay elements out anew, contiguous and in memory of their own, but for meshgrid's views.
// Any dtype; differentiable any number of times.

/// x with its elements moved by shifts[i] along axes[i], those that leave it coming back at the
/// other end. Without axes, one shift in row-major order. Throws ValueError where the two lists
/// differ in length, IndexError for an axis that x does not have. As torch.roll.
Tensor roll(const Tensor& x, const Dims& shifts, const Dims& axes = {});

/// Copies of x side by side: counts[i] along axis i, counted from the last; axes of size 1 are
/// added in front of the shorter of x and `counts`. Throws ValueError for negative counts. As
/// torch.tile.
Tensor tile(const Tensor& x, const Dims& counts);
/// The same, with at least as many counts as x has axes, else ShapeError. As Tensor.repeat.
Tensor repeat(const Tensor& x, const Dims& counts);

/// Each slice along `axis` `count` times in a row. Throws ValueError for a negative count. As
/// torch.repeat_interleave, which flattens x first where it gets no axis.
Tensor repeat_interleave(const Tensor& x, int64_t count, int axis);
/// Slice i counts[i] times; integers [size of axis]. Throws DTypeError, ShapeError, ValueError for
/// negative counts; DeviceError for meta tensors, as the shape depends on values.
Tensor repeat_interleave(const Tensor& x, const Tensor& counts, int axis);

/// The lower (upper) triangle of matrices x[..., rows, columns], zeros elsewhere: what lies on and
/// below (above) diagonal number `diagonal`, 0 the main one, 1 the next above. Throws ShapeError
/// below two axes.
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);

/// The places that tril (triu) keeps of a matrix, in row-major order: their rows and their columns,
/// i64[2, count]. Throws ShapeError for negative sizes. As torch.tril_indices.
Tensor tril_indices(int64_t rows, int64_t columns, int64_t diagonal = 0, Device device = kCpu);
Tensor triu_indices(int64_t rows, int64_t columns, int64_t diagonal = 0, Device device = kCpu);

enum class MeshIndexing : uint8_t { ij, xy };

/// For vectors (or scalars) of sizes a, b, ... as many tensors [a, b, ...], the i-th of which
/// varies along axis i alone: views, to be read only, in which many elements lie in one place. With
/// `xy` the first two axes change places. Throws ShapeError for others, ValueError for an empty
/// list. As torch.meshgrid.
std::vector<Tensor> meshgrid(std::span<const Tensor> xs, MeshIndexing indexing = MeshIndexing::ij);
inline std::vector<Tensor> meshgrid(std::initializer_list<Tensor> xs,
                                    MeshIndexing indexing = MeshIndexing::ij) {
  return meshgrid(std::span(xs.begin(), xs.size()), indexing);
}

/// a[i] * b[j] of two vectors. Throws ShapeError for others.
Tensor outer(const Tensor& a, const Tensor& b);

/// Images [N, H, W, C * factor^2] as [N, H * factor, W * factor, C]: channel
/// c * factor^2 + i * factor + j becomes row i, column j of a block (Shi et al., "Real-time single
/// image and video super-resolution", 2016). As torch.pixel_shuffle on NCHW. Throws ShapeError
/// where the channels do not divide, ValueError for a factor below 1.
Tensor pixel_shuffle(const Tensor& x, int64_t factor);
/// The way back: [N, H * factor, W * factor, C] as [N, H, W, C * factor^2].
Tensor pixel_unshuffle(const Tensor& x, int64_t factor);

/// The channels of x[N, ..., C], which lie in `groups` groups, dealt out anew: the first of each
/// group, then the second of each (Zhang et al., "ShuffleNet", 2018). As torch.channel_shuffle on
/// [N, C, ...]. Throws ShapeError below three axes and where the channels do not divide, ValueError
/// for less than one group.
Tensor channel_shuffle(const Tensor& x, int64_t groups);

}  // namespace strata
