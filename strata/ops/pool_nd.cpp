#include "strata/ops/pool_nd.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/pool.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

void check_input(const char* op, const Tensor& x, int rank) {
  if (x.rank() != rank) {
    throw ShapeError(op, fmt::format("x must be {}, got {}",
                                     rank == 3 ? "[N, L, C]" : "[N, D, H, W, C]", describe(x)));
  }
  if (!is_floating(x.dtype()) || x.dtype() == DType::f16) {
    throw DTypeError(op, fmt::format("takes f32, f64 and bf16, x is {}", describe(x)),
                     "cast(x, DType::f32)");
  }
  for (int i = 1; i < rank - 1; ++i) {
    if (x.size(i) == 0) throw ShapeError(op, fmt::format("nothing to pool in x, {}", describe(x)));
  }
}

/// Of the window along axis `i` of x.
void check_window(const char* op, const Tensor& x, int i, int64_t kernel, int64_t stride,
                  int64_t padding, int64_t dilation, bool ceil_mode) {
  if (kernel < 1 || stride < 1 || padding < 0 || dilation < 1) {
    throw ValueError(op, fmt::format("kernel {}, stride {} and dilation {} must be at least 1, "
                                     "padding {} at least 0",
                                     kernel, stride, dilation, padding));
  }
  if (padding * 2 > kernel) {
    throw ValueError(op,
                     fmt::format("padding {} is more than half of the kernel {}", padding, kernel));
  }
  // In ceil mode a window may leave x by less than a stride.
  const int64_t beyond = ceil_mode ? stride - 1 : 0;
  if (dilation * (kernel - 1) + 1 > x.size(i) + 2 * padding + beyond) {
    throw ShapeError(op, fmt::format("the window of {} does not fit axis {} of x {}",
                                     dilation * (kernel - 1) + 1, i, describe(x)));
  }
}

void check_size(const char* op, int64_t size) {
  if (size < 1) throw ValueError(op, fmt::format("size must be at least 1, got {}", size));
}

template <class Pool>
Tensor pool1d(const char* op, Pool pool, const Tensor& x, const Pool1dOptions& o) {
  check_input(op, x, 3);
  const int64_t stride = o.stride == 0 ? o.kernel : o.stride;
  check_window(op, x, 1, o.kernel, stride, o.padding, o.dilation, o.ceil_mode);
  return squeeze(pool(unsqueeze(x, 1), {.kernel = {1, o.kernel},
                                        .stride = {1, stride},
                                        .padding = {0, o.padding},
                                        .dilation = {1, o.dilation},
                                        .ceil_mode = o.ceil_mode,
                                        .count_include_pad = o.count_include_pad}),
                 1);
}

/// Heights and widths first, then depths: the mean of means of equal length, the largest of the
/// largest, and of equal ones the first, as of the whole window.
template <class Plane, class Depth>
Tensor in_two_steps(const Tensor& x, Plane plane, Depth depth) {
  const int64_t n = x.size(0), d = x.size(1), c = x.size(4);
  const Tensor planes = plane(reshape(x, {n * d, x.size(2), x.size(3), c}));
  const int64_t h = planes.size(1), w = planes.size(2);
  const Tensor y = depth(reshape(planes, {n, d, h * w, c}));
  return reshape(y, {n, y.size(1), h, w, c});
}

template <class Pool>
Tensor pool3d(const char* op, Pool pool, const Tensor& x, const Pool3dOptions& o) {
  check_input(op, x, 5);
  const Size3 stride = o.stride == Size3(0) ? o.kernel : o.stride;
  check_window(op, x, 1, o.kernel.d, stride.d, o.padding.d, o.dilation.d, o.ceil_mode);
  check_window(op, x, 2, o.kernel.h, stride.h, o.padding.h, o.dilation.h, o.ceil_mode);
  check_window(op, x, 3, o.kernel.w, stride.w, o.padding.w, o.dilation.w, o.ceil_mode);
  return in_two_steps(
      x,
      [&](const Tensor& planes) {
        return pool(planes, {.kernel = {o.kernel.h, o.kernel.w},
                             .stride = {stride.h, stride.w},
                             .padding = {o.padding.h, o.padding.w},
                             .dilation = {o.dilation.h, o.dilation.w},
                             .ceil_mode = o.ceil_mode,
                             .count_include_pad = o.count_include_pad});
      },
      [&](const Tensor& depths) {
        return pool(depths, {.kernel = {o.kernel.d, 1},
                             .stride = {stride.d, 1},
                             .padding = {o.padding.d, 0},
                             .dilation = {o.dilation.d, 1},
                             .ceil_mode = o.ceil_mode,
                             .count_include_pad = o.count_include_pad});
      });
}

template <class Pool>
Tensor adaptive1d(const char* op, Pool pool, const Tensor& x, int64_t size) {
  check_input(op, x, 3);
  check_size(op, size);
  return squeeze(pool(unsqueeze(x, 1), Size2(1, size)), 1);
}

template <class Pool>
Tensor adaptive3d(const char* op, Pool pool, const Tensor& x, Size3 size) {
  check_input(op, x, 5);
  check_size(op, std::min({size.d, size.h, size.w}));
  return in_two_steps(
      x, [&](const Tensor& planes) { return pool(planes, Size2(size.h, size.w)); },
      [&](const Tensor& depths) { return pool(depths, Size2(size.d, depths.size(2))); });
}

}  // namespace

Tensor max_pool1d(const Tensor& x, const Pool1dOptions& options) {
  return pool1d("max_pool1d", max_pool2d, x, options);
}
Tensor max_pool3d(const Tensor& x, const Pool3dOptions& options) {
  return pool3d("max_pool3d", max_pool2d, x, options);
}

Tensor avg_pool1d(const Tensor& x, const Pool1dOptions& options) {
  if (options.dilation != 1) throw ValueError("avg_pool1d", "has no dilation");
  return pool1d("avg_pool1d", avg_pool2d, x, options);
}
Tensor avg_pool3d(const Tensor& x, const Pool3dOptions& options) {
  if (options.dilation != Size3(1)) throw ValueError("avg_pool3d", "has no dilation");
  return pool3d("avg_pool3d", avg_pool2d, x, options);
}

Tensor adaptive_max_pool1d(const Tensor& x, int64_t size) {
  return adaptive1d("adaptive_max_pool1d", adaptive_max_pool2d, x, size);
}
Tensor adaptive_max_pool3d(const Tensor& x, Size3 size) {
  return adaptive3d("adaptive_max_pool3d", adaptive_max_pool2d, x, size);
}
Tensor adaptive_avg_pool1d(const Tensor& x, int64_t size) {
  return adaptive1d("adaptive_avg_pool1d", adaptive_avg_pool2d, x, size);
}
Tensor adaptive_avg_pool3d(const Tensor& x, Size3 size) {
  return adaptive3d("adaptive_avg_pool3d", adaptive_avg_pool2d, x, size);
}

}  // namespace strata
