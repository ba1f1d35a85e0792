#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

#include "strata/kernels/copy.h"
#include "strata/tensor/tensor.h"

namespace strata::kernels::cpu {

/// A contiguous array seen as [outer, length, inner], reduced along `length`.
struct Run {
  int64_t outer = 1, length = 1, inner = 1;
};

/// x around `axis`.
inline Run run_of(const Shape& shape, int axis) {
  Run run;
  for (int i = 0; i < shape.rank(); ++i) {
    (i < axis ? run.outer : i == axis ? run.length : run.inner) *= shape[i];
  }
  return run;
}

/// How many rows of `columns` elements to read as one, so that they fill whole vectors and are not
/// too short, but have `most` elements at most; 1 where that is not to be had.
inline int64_t rows_in_one(int64_t columns, int64_t most) {
  if (columns == 0) return 1;
  int64_t rows = 16 / std::gcd(columns, int64_t{16});
  while (columns * rows < 64) rows *= 2;
  return columns * rows <= most ? rows : 1;
}

/// The axes of an array, neighbours merged where both are reduced or both kept, so that the two
/// kinds alternate.
class AxisGroups {
 public:
  /// Reduced are the axes where `y` (of x's rank) has size 1 and x has not.
  AxisGroups(const Shape& x, const Shape& y) {
    for (int i = 0; i < x.rank(); ++i) {
      if (x[i] == 1) continue;
      const bool reduced = y[i] != x[i];
      if (sizes_.empty()) first_reduced_ = reduced;
      if (!sizes_.empty() && is_reduced(sizes_.rank() - 1) == reduced) {
        sizes_.back() *= x[i];
      } else {
        sizes_.push_back(x[i]);
      }
    }
  }

  /// Takes the last reduced group away and returns the array as it is around that group.
  Run pop() {
    Run run;
    int at = sizes_.rank() - 1;
    if (at >= 0 && !is_reduced(at)) run.inner = sizes_[at--];
    if (at >= 0) run.length = sizes_[at];
    for (int i = 0; i < at; ++i) run.outer *= sizes_[i];
    while (sizes_.rank() > std::max(at, 0)) sizes_.erase(sizes_.rank() - 1);
    if (sizes_.empty()) {
      sizes_.push_back(run.inner);
      first_reduced_ = false;
    } else {
      sizes_.back() *= run.inner;
    }
    return run;
  }

  bool any_reduced() const { return first_reduced_ || sizes_.rank() > 1; }

 private:
  bool is_reduced(int i) const { return (i % 2 == 0) == first_reduced_; }

  Shape sizes_;
  bool first_reduced_ = false;
};

/// x if it is contiguous, else a copy that is.
inline Tensor packed(const Tensor& x) {
  if (x.is_contiguous()) return x;
  Tensor y = empty_like(x);
  copy(Cpu{}, x, y);
  return y;
}

/// x, contiguous, with the axes where `kept` has size 1 behind the others.
inline Tensor reduced_last(const Tensor& x, const Shape& kept) {
  Shape shape, strides;
  for (const bool reduced : {false, true}) {
    for (int i = 0; i < x.rank(); ++i) {
      if ((kept[i] != x.shape()[i]) != reduced) continue;
      shape.push_back(x.shape()[i]);
      strides.push_back(x.strides()[i]);
    }
  }
  return packed(x.as_strided(shape, strides, x.offset()));
}

/// x with `axis` and the last axis swapped: a view.
inline Tensor swap_with_last(const Tensor& x, int axis) {
  if (axis == x.rank() - 1) return x;
  Shape shape = x.shape();
  Strides strides = x.strides();
  std::swap(shape[axis], shape.back());
  std::swap(strides[axis], strides.back());
  return x.as_strided(shape, strides, x.offset());
}

/// A contiguous result for rows along `axis` of y: y itself, or memory for finish_rows to copy.
inline Tensor rows_of_result(Tensor& y, int axis) {
  if (axis == y.rank() - 1) return y;
  const Tensor view = swap_with_last(y, axis);
  return empty(view.shape(), y.dtype());
}
inline void finish_rows(const Tensor& rows, Tensor& y, int axis) {
  if (axis == y.rank() - 1) return;
  Tensor view = swap_with_last(y, axis);
  copy(Cpu{}, rows, view);
}

}  // namespace strata::kernels::cpu
