#pragma once

#include <cstdint>

#include "strata/base/random.h"
#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata {

// Draws from distributions; creation.h has the plain ones. The values depend on the generator's
// seed and stream alone, not on the number of threads. Without gradient, as PyTorch's are zero.

/// 1 with the probability that stands in `p`, else 0: of p's shape and dtype. Throws DTypeError for
/// integers, ValueError unless all are in [0, 1]. As torch.bernoulli.
Tensor bernoulli(const Tensor& p, Generator& generator = default_generator());
/// The same with one probability for all; any dtype.
Tensor bernoulli(const Shape& shape, double p, DType dtype = DType::f32, Device device = kCpu,
                 Generator& generator = default_generator());

/// `draws` columns of weights [columns] or [rows, columns], for each row on its own, in proportion
/// to their weights, which need not add up to 1: i64 [draws] or [rows, draws]. Without
/// `replacement` none is drawn twice: then they stand in the order in which they came. Throws
/// ShapeError, DTypeError for integers, ValueError for draws below 1, and where a row has weights
/// that are negative, infinite or NaN, or too few above 0. As torch.multinomial.
Tensor multinomial(const Tensor& weights, int64_t draws, bool replacement = false,
                   Generator& generator = default_generator());

/// Normal with a mean and a standard deviation for each element; one of them may be a number. They
/// broadcast. Throws DTypeError for integers, ShapeError, ValueError for a negative (or NaN)
/// deviation. As torch.normal.
Tensor normal(const Operand& mean, const Operand& stddev,
              Generator& generator = default_generator());

namespace internal {

/// bernoulli(p) without its check: where p is no probability it counts as the nearest one.
Tensor ones_of(const Tensor& p, Generator& generator);

}  // namespace internal
}  // namespace strata
