#include "strata/ops/pool_nd.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/pool.h"
#include "strata/ops/views.h"
#include "strata/ops/windows.h"

namespace strata {
namespace {

bool is_half(const Tensor& x) { return x.dtype() == DType::bf16 || x.dtype() == DType::f16; }

void check_input(const char* op, const Tensor& x, int rank) {
  if (x.rank() != rank) {
    throw ShapeError(op, fmt::format("x must be {}, got {}",
                                     rank == 3 ? "[N, L, C]" : "[N, D, H, W, C]", describe(x)));
  }
  internal::check_floating(op, x);
  for (int i = 1; i < rank - 1; ++i) {
    if (x.size(i) == 0) throw ShapeError(op, fmt::format("nothing to pool in x, {}", describe(x)));
  }
}

void check_numbers(const char* op, int64_t kernel, int64_t stride, int64_t padding,
                   int64_t dilation) {
  internal::check_not_huge(op, {kernel, stride, padding, dilation});
  if (kernel < 1 || stride < 1 || padding < 0 || dilation < 1) {
    throw ValueError(op, fmt::format("kernel {}, stride {} and dilation {} must be at least 1, "
                                     "padding {} at least 0",
                                     kernel, stride, dilation, padding));
  }
  if (padding > kernel / 2) {
    throw ValueError(op,
                     fmt::format("padding {} is more than half of the kernel {}", padding, kernel));
  }
}

/// Of the window along axis `i` of x.
void check_window(const char* op, const Tensor& x, int i, int64_t kernel, int64_t stride,
                  int64_t padding, int64_t dilation, bool ceil_mode) {
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

Pool2dOptions flat_options(const char* op, const Tensor& x, const Pool1dOptions& o) {
  check_input(op, x, 3);
  const int64_t stride = internal::checked_stride(op, o);
  check_window(op, x, 1, o.kernel, stride, o.padding, o.dilation, o.ceil_mode);
  return {.kernel = {1, o.kernel},
          .stride = {1, stride},
          .padding = {0, o.padding},
          .dilation = {1, o.dilation},
          .ceil_mode = o.ceil_mode,
          .count_include_pad = o.count_include_pad};
}

/// The two poolings that make one of volumes: of the planes, then of the depths.
struct Steps {
  Pool2dOptions plane, depth;
};

Steps steps_of(const char* op, const Tensor& x, const Pool3dOptions& o) {
  check_input(op, x, 5);
  const Size3 stride = internal::checked_stride(op, o);
  check_window(op, x, 1, o.kernel.d, stride.d, o.padding.d, o.dilation.d, o.ceil_mode);
  check_window(op, x, 2, o.kernel.h, stride.h, o.padding.h, o.dilation.h, o.ceil_mode);
  check_window(op, x, 3, o.kernel.w, stride.w, o.padding.w, o.dilation.w, o.ceil_mode);
  return {.plane = {.kernel = {o.kernel.h, o.kernel.w},
                    .stride = {stride.h, stride.w},
                    .padding = {o.padding.h, o.padding.w},
                    .dilation = {o.dilation.h, o.dilation.w},
                    .ceil_mode = o.ceil_mode,
                    .count_include_pad = o.count_include_pad},
          .depth = {.kernel = {o.kernel.d, 1},
                    .stride = {stride.d, 1},
                    .padding = {o.padding.d, 0},
                    .dilation = {o.dilation.d, 1},
                    .ceil_mode = o.ceil_mode,
                    .count_include_pad = o.count_include_pad}};
}

template <class Pool>
Tensor pool1d(const char* op, Pool pool, const Tensor& x, const Pool1dOptions& o) {
  const Pool2dOptions flat = flat_options(op, x, o);
  return squeeze(pool(unsqueeze(x, 1), flat), 1);
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
  const Steps steps = steps_of(op, x, o);
  return in_two_steps(
      x, [&](const Tensor& planes) { return pool(planes, steps.plane); },
      [&](const Tensor& depths) { return pool(depths, steps.depth); });
}

/// Both steps give indices: the second's say which of the first's is meant.
template <class Plane, class Depth>
std::pair<Tensor, Tensor> with_indices(const char* op, const Tensor& x, Plane plane, Depth depth) {
  const int64_t d = x.size(1), c = x.size(4), pixels = x.size(2) * x.size(3);
  if (d * pixels > std::numeric_limits<int32_t>::max()) {
    throw ShapeError(op, fmt::format("too many places for i32 indices: x is {}", describe(x)));
  }
  Tensor in_plane, in_depth;
  const Tensor y = in_two_steps(
      x,
      [&](const Tensor& planes) {
        auto [largest, index] = plane(planes);
        in_plane = index;
        return largest;
      },
      [&](const Tensor& depths) {
        auto [largest, index] = depth(depths);
        in_depth = index;
        return largest;
      });
  const int64_t n = x.size(0), results = y.size(2) * y.size(3);
  const Tensor before = arange(0, static_cast<double>(d * pixels), static_cast<double>(pixels),
                               DType::i32, x.device());
  const Tensor in_volume = reshape(in_plane, {n, d, results, c}) + reshape(before, {1, d, 1, 1});
  // A window between whose taps all of x lies has an index beyond the end.
  const Tensor which = minimum(reshape(in_depth, {n, y.size(1) * results, c}), d * results - 1);
  const Tensor index = gather(reshape(in_volume, {n, d * results, c}), 1, which);
  return {y, reshape(index, y.shape())};
}

template <class Pool>
Tensor adaptive1d(const char* op, Pool pool, const Tensor& x, int64_t size) {
  check_input(op, x, 3);
  check_size(op, size);
  return squeeze(pool(unsqueeze(x, 1), Size2(1, size)), 1);
}

void check_adaptive3d(const char* op, const Tensor& x, Size3 size) {
  check_input(op, x, 5);
  check_size(op, std::min({size.d, size.h, size.w}));
}

template <class Pool>
Tensor adaptive3d(const char* op, Pool pool, const Tensor& x, Size3 size) {
  check_adaptive3d(op, x, size);
  return in_two_steps(
      x, [&](const Tensor& planes) { return pool(planes, Size2(size.h, size.w)); },
      [&](const Tensor& depths) { return pool(depths, Size2(size.d, depths.size(2))); });
}

/// Of a sequence that was pooled as an image of one row.
std::pair<Tensor, Tensor> without_rows(const std::pair<Tensor, Tensor>& pooled) {
  return {squeeze(pooled.first, 1), squeeze(pooled.second, 1)};
}

}  // namespace

int64_t internal::checked_stride(const char* op, const Pool1dOptions& o) {
  const int64_t stride = o.stride == 0 ? o.kernel : o.stride;
  check_numbers(op, o.kernel, stride, o.padding, o.dilation);
  return stride;
}
Size3 internal::checked_stride(const char* op, const Pool3dOptions& o) {
  const Size3 stride = o.stride == Size3(0) ? o.kernel : o.stride;
  check_numbers(op, o.kernel.d, stride.d, o.padding.d, o.dilation.d);
  check_numbers(op, o.kernel.h, stride.h, o.padding.h, o.dilation.h);
  check_numbers(op, o.kernel.w, stride.w, o.padding.w, o.dilation.w);
  return stride;
}

Tensor max_pool1d(const Tensor& x, const Pool1dOptions& options) {
  return pool1d("max_pool1d", max_pool2d, x, options);
}
Tensor max_pool3d(const Tensor& x, const Pool3dOptions& options) {
  return pool3d("max_pool3d", max_pool2d, x, options);
}

std::pair<Tensor, Tensor> max_pool1d_with_indices(const Tensor& x, const Pool1dOptions& options) {
  const Pool2dOptions flat = flat_options("max_pool1d", x, options);
  return without_rows(max_pool2d_with_indices(unsqueeze(x, 1), flat));
}
std::pair<Tensor, Tensor> max_pool3d_with_indices(const Tensor& x, const Pool3dOptions& options) {
  const Steps steps = steps_of("max_pool3d", x, options);
  return with_indices(
      "max_pool3d", x,
      [&](const Tensor& planes) { return max_pool2d_with_indices(planes, steps.plane); },
      [&](const Tensor& depths) { return max_pool2d_with_indices(depths, steps.depth); });
}

Tensor avg_pool1d(const Tensor& x, const Pool1dOptions& options) {
  if (options.dilation != 1) throw ValueError("avg_pool1d", "has no dilation");
  return pool1d("avg_pool1d", avg_pool2d, x, options);
}
Tensor avg_pool3d(const Tensor& x, const Pool3dOptions& options) {
  if (x.rank() == 5 && is_half(x)) {  // no step is to round to it but the last
    return cast(avg_pool3d(cast(x, DType::f32), options), x.dtype());
  }
  if (options.dilation != Size3(1)) throw ValueError("avg_pool3d", "has no dilation");
  return pool3d("avg_pool3d", avg_pool2d, x, options);
}

Tensor adaptive_max_pool1d(const Tensor& x, int64_t size) {
  return adaptive1d("adaptive_max_pool1d", adaptive_max_pool2d, x, size);
}
Tensor adaptive_max_pool3d(const Tensor& x, Size3 size) {
  return adaptive3d("adaptive_max_pool3d", adaptive_max_pool2d, x, size);
}
std::pair<Tensor, Tensor> adaptive_max_pool1d_with_indices(const Tensor& x, int64_t size) {
  check_input("adaptive_max_pool1d", x, 3);
  check_size("adaptive_max_pool1d", size);
  return without_rows(adaptive_max_pool2d_with_indices(unsqueeze(x, 1), {1, size}));
}
std::pair<Tensor, Tensor> adaptive_max_pool3d_with_indices(const Tensor& x, Size3 size) {
  const char* op = "adaptive_max_pool3d";
  check_adaptive3d(op, x, size);
  return with_indices(
      op, x,
      [&](const Tensor& planes) {
        return adaptive_max_pool2d_with_indices(planes, {size.h, size.w});
      },
      [&](const Tensor& depths) {
        return adaptive_max_pool2d_with_indices(depths, {size.d, depths.size(2)});
      });
}

Tensor adaptive_avg_pool1d(const Tensor& x, int64_t size) {
  return adaptive1d("adaptive_avg_pool1d", adaptive_avg_pool2d, x, size);
}
Tensor adaptive_avg_pool3d(const Tensor& x, Size3 size) {
  if (x.rank() == 5 && is_half(x)) {
    return cast(adaptive_avg_pool3d(cast(x, DType::f32), size), x.dtype());
  }
  return adaptive3d("adaptive_avg_pool3d", adaptive_avg_pool2d, x, size);
}

}  // namespace strata
