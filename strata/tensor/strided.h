#pragma once

#include "strata/base/shape.h"

namespace strata {

/// Calls f(offset) for each element of a strided array in row-major order.
template <class F>
void for_each_offset(const Shape& shape, const Strides& strides, F&& f) {
  const int rank = shape.rank();
  if (numel(shape) == 0) return;
  if (rank == 0) {
    f(int64_t{0});
    return;
  }
  const int64_t inner = shape[rank - 1], step = strides[rank - 1];
  Dims index = Dims::filled(rank, 0);
  int64_t base = 0;
  for (;;) {
    for (int64_t j = 0; j < inner; ++j) f(base + j * step);
    int axis = rank - 2;
    for (; axis >= 0; --axis) {
      base += strides[axis];
      if (++index[axis] < shape[axis]) break;
      base -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

}  // namespace strata
