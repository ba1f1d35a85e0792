#pragma once

#include <cstdint>
#include <vector>

namespace strata::kernels {

/// The windows along one axis of the images: those of a sliding window or of equal shares.
struct PoolAxis {
  int64_t in = 0;
  int64_t step = 1;  ///< from one tap to the next
  /// For each result: the first tap, the end of the taps inside of the image, and the length that
  /// an average divides by.
  std::vector<int32_t> begin, end, length;
  /// For each input: the results from `first` on and before `last` may have it in their window.
  std::vector<int32_t> first, last;

  int64_t out() const { return static_cast<int64_t>(begin.size()); }
};

/// Windows of `kernel` taps, `dilation` apart, at every `stride`. With `count_padding` an average
/// divides by the taps on the padding too. `ceil_mode` keeps a last window that leaves the image.
PoolAxis sliding_axis(int64_t in, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                      bool ceil_mode, bool count_padding);
/// `out` windows that share the axis: [floor(i * in / out), ceil((i + 1) * in / out)).
PoolAxis adaptive_axis(int64_t in, int64_t out);

/// Pooling of n images [h, w, c] to [oh, ow, c].
struct Pool2d {
  int64_t n = 0, c = 0;
  PoolAxis rows, columns;

  int64_t x_size() const { return n * rows.in * columns.in * c; }
  int64_t y_size() const { return n * rows.out() * columns.out() * c; }
};

/// y = the largest of each window and `index` = its place row * w + column in the image: the first
/// of equal ones, the last NaN if there is one; h * w where a window has no pixel. T is float,
/// double, bfloat16 or float16 in all of these.
template <class T>
void max_pool2d(const Pool2d& p, const T* x, T* y, int32_t* index);
/// dx = the sum of dy over the windows whose index it is.
template <class T>
void max_pool2d_backward(const Pool2d& p, const T* dy, const int32_t* index, T* dx);
/// y = x at the index: the way back of the way back.
template <class T>
void max_pool2d_gather(const Pool2d& p, const T* x, const int32_t* index, T* y);

/// y = the sum of each window over its length.
template <class T>
void avg_pool2d(const Pool2d& p, const T* x, T* y);
template <class T>
void avg_pool2d_backward(const Pool2d& p, const T* dy, T* dx);

}  // namespace strata::kernels
