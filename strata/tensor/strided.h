#pragma once

#include <array>

#include "strata/base/shape.h"

namespace strata {

/// N arrays of one shape, walked together: axes of size 1 dropped, axes that are one run in all
/// arrays merged.
template <int N>
struct Coalesced {
  Shape shape;
  std::array<Strides, N> strides;
};

template <int N>
Coalesced<N> coalesce(const Shape& shape, const std::array<Strides, N>& strides) {
  Coalesced<N> out;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    bool merge = !out.shape.empty();
    for (int k = 0; k < N && merge; ++k) {
      const auto i = static_cast<size_t>(k);
      merge = out.strides[i].back() == strides[i][axis] * shape[axis];
    }
    if (merge) {
      out.shape.back() *= shape[axis];
    } else {
      out.shape.push_back(shape[axis]);
    }
    for (size_t i = 0; i < N; ++i) {
      if (merge) {
        out.strides[i].back() = strides[i][axis];
      } else {
        out.strides[i].push_back(strides[i][axis]);
      }
    }
  }
  return out;
}

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
