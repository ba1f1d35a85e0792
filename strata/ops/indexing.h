#pragma once

#include <cstdint>
#include <optional>

#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Ops that move elements by number. An index is a tensor of integers (any integral dtype but
/// bool) in [0, size): negative ones are errors, as in PyTorch. All of them are checked before
/// anything is written; the IndexError names the first bad value, its place and the range. Sums run
/// in the order of the index, so that they have the same bits on any number of threads.

/// y[i][j][k] = x[index[i][j][k]][j][k] for axis 0, and so on: y has index's shape. index has x's
/// rank, and along the other axes at most x's size. Throws ShapeError, DTypeError, IndexError.
/// Gradient: scatter_add. As torch.gather.
Tensor gather(const Tensor& x, int axis, const Tensor& index);

/// A copy of x with y[index[i][j][k]][j][k] += source[i][j][k] for axis 0, and so on. index has x's
/// rank, at most source's size along every axis, and along the axes but `axis` at most x's. x and
/// source have one dtype; half types are summed in f32. Throws ShapeError, DTypeError, IndexError.
/// As torch.scatter_add.
Tensor scatter_add(const Tensor& x, int axis, const Tensor& index, const Tensor& source);

/// A copy of x with y[index[i][j][k]][j][k] = source[i][j][k] for axis 0, and so on; of several for
/// one place the last stays. Shapes, dtypes and errors as scatter_add. Gradient: gather, and zeros
/// in the places written over. As torch.scatter.
Tensor scatter(const Tensor& x, int axis, const Tensor& index, const Tensor& source);
/// The same with one number for all places.
Tensor scatter(const Tensor& x, int axis, const Tensor& index, Number value);

enum class ScatterReduce : uint8_t { sum, prod, mean, amax, amin };

/// A copy of x whose elements are brought together with those of source that `index` sends to
/// them, as in scatter_add; without `include_self`, x's own value counts only where there are none.
/// Half types are computed in f32. Elements that tie in amax and amin share the gradient evenly.
/// Products have the first three derivatives at zeros too.
/// Throws as scatter_add, DTypeError for the mean of integers. As torch.scatter_reduce.
Tensor scatter_reduce(const Tensor& x, int axis, const Tensor& index, const Tensor& source,
                      ScatterReduce reduce, bool include_self = true);

/// A copy of x with alpha * slice j of source along `axis` added to slice index[j], in the order of
/// the index (rank 0 or 1). source has x's shape but for `axis`, and x's dtype. Throws ShapeError,
/// DTypeError, IndexError. As torch.index_add.
Tensor index_add(const Tensor& x, int axis, const Tensor& index, const Tensor& source,
                 Number alpha = 1);

/// The slices of x along `axis` that `index` (rank 0 or 1) names, in its order. Throws ShapeError,
/// DTypeError, IndexError. As torch.index_select.
Tensor index_select(const Tensor& x, int axis, const Tensor& index);

/// Rows of `weight` [rows, width], one for each element of `index`: [index's shape ..., width].
/// The row `padding_idx` (from the end if negative) gets no gradient. Throws ShapeError,
/// DTypeError, IndexError; ValueError for a padding_idx outside of weight. As
/// torch.nn.functional.embedding.
Tensor embedding(const Tensor& weight, const Tensor& index,
                 std::optional<int64_t> padding_idx = {});

/// Ones at `index` along a new last axis of size `classes`, zeros elsewhere; -1 means the largest
/// index plus one. Throws DTypeError, IndexError; ValueError for other negative `classes`. As
/// torch.nn.functional.one_hot, whose result is i64.
Tensor one_hot(const Tensor& index, int64_t classes = -1, DType dtype = DType::i64);

/// A copy of x with the elements along `axes` in reverse order. Throws IndexError for an axis that
/// x does not have, ValueError for one named twice. As torch.flip.
Tensor flip(const Tensor& x, const Dims& axes);

}  // namespace strata
