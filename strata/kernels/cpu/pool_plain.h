#pragma once

#include <algorithm>
#include <cstdint>

#include "strata/base/parallel.h"
#include "strata/kernels/pool.h"

namespace strata::kernels {

/// One window: its taps inside of the image, and where image and result begin, in pixels.
struct WindowOf {
  int64_t top, bottom, left, right;
  int64_t image, result;
  int64_t length;
};

/// One input: the results whose windows may hold it, its place in its image, its place among all
/// inputs, and where the results of its image begin, in pixels.
struct ResultsOf {
  int64_t top, bottom, left, right;
  int64_t place, input, results;
};

/// The place of a window's first tap; beyond the image where none is inside.
inline int64_t first_place(const Pool2d& p, const WindowOf& at) {
  const bool none = at.top >= at.bottom || at.left >= at.right;
  return none ? p.rows.in * p.columns.in : at.top * p.columns.in + at.left;
}

/// Rows of images for which a second thread pays.
inline int64_t pool_grain(int64_t row) {
  return std::max<int64_t>(1, 4096 / std::max<int64_t>(row, 1));
}

template <class F>
void each_window(const Pool2d& p, F&& f) {
  const int64_t oh = p.rows.out(), ow = p.columns.out(), image = p.rows.in * p.columns.in;
  parallel_for(p.n * oh, pool_grain(ow * p.c), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto i = static_cast<size_t>(row % oh);
      WindowOf at;
      at.top = p.rows.begin[i], at.bottom = p.rows.end[i], at.image = row / oh * image;
      for (size_t j = 0; j < static_cast<size_t>(ow); ++j) {
        at.left = p.columns.begin[j], at.right = p.columns.end[j];
        at.result = row * ow + static_cast<int64_t>(j);
        at.length = int64_t{p.rows.length[i]} * p.columns.length[j];
        f(at);
      }
    }
  });
}

template <class F>
void each_input(const Pool2d& p, F&& f) {
  const int64_t h = p.rows.in, w = p.columns.in, results = p.rows.out() * p.columns.out();
  parallel_for(p.n * h, pool_grain(w * p.c), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto i = static_cast<size_t>(row % h);
      ResultsOf at;
      at.top = p.rows.first[i], at.bottom = p.rows.last[i], at.results = row / h * results;
      for (size_t j = 0; j < static_cast<size_t>(w); ++j) {
        at.left = p.columns.first[j], at.right = p.columns.last[j];
        at.place = row % h * w + static_cast<int64_t>(j);
        at.input = row * w + static_cast<int64_t>(j);
        f(at);
      }
    }
  });
}

}  // namespace strata::kernels
