#include "strata/ops/unfold.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/pad.h"
#include "strata/ops/views.h"
#include "strata/ops/windows.h"

namespace strata {
namespace {

using internal::window_index;

/// How many windows fit the images along both axes.
Size2 windows(const char* op, Size2 image, const UnfoldOptions& o) {
  const auto check = [&](const char* name, Size2 v, int64_t least) {
    if (v.h < least || v.w < least) {
      throw ValueError(op,
                       fmt::format("{} must be at least {}, got {} x {}", name, least, v.h, v.w));
    }
  };
  check("kernel", o.kernel, 1);
  check("stride", o.stride, 1);
  check("padding", o.padding, 0);
  check("dilation", o.dilation, 1);
  internal::check_not_huge(op, {o.kernel.h, o.kernel.w, o.stride.h, o.stride.w, o.padding.h,
                                o.padding.w, o.dilation.h, o.dilation.w});
  const int64_t tall = o.dilation.h * (o.kernel.h - 1) + 1,
                wide = o.dilation.w * (o.kernel.w - 1) + 1;
  const int64_t h = image.h + 2 * o.padding.h - tall, w = image.w + 2 * o.padding.w - wide;
  if (h < 0 || w < 0) {
    throw ShapeError(op, fmt::format("the window of {} x {} does not fit images of {} x {} with "
                                     "padding {} x {}",
                                     tall, wide, image.h, image.w, o.padding.h, o.padding.w));
  }
  return {h / o.stride.h + 1, w / o.stride.w + 1};
}

Tensor rows_of(Size2 count, const UnfoldOptions& o, Device device) {
  return window_index(count.h, o.kernel.h, o.stride.h, o.dilation.h, device);
}
Tensor columns_of(Size2 count, const UnfoldOptions& o, Device device) {
  return window_index(count.w, o.kernel.w, o.stride.w, o.dilation.w, device);
}

}  // namespace

Tensor unfold(const Tensor& x, const UnfoldOptions& o) {
  if (x.rank() != 4) {
    throw ShapeError("unfold", fmt::format("x must be [N, H, W, C], got {}", describe(x)));
  }
  const Size2 count = windows("unfold", {x.size(1), x.size(2)}, o);
  const int64_t n = x.size(0), c = x.size(3), kh = o.kernel.h, kw = o.kernel.w;
  const Tensor padded =
      o.padding == Size2(0)
          ? x
          : pad(x, {{1, o.padding.h, o.padding.h}, {2, o.padding.w, o.padding.w}});
  const Tensor taps = index_select(index_select(padded, 1, rows_of(count, o, x.device())), 2,
                                   columns_of(count, o, x.device()));
  return reshape(permute(reshape(taps, {n, count.h, kh, count.w, kw, c}), {0, 1, 3, 2, 4, 5}),
                 {n, count.h * count.w, kh * kw * c});
}

Tensor fold(const Tensor& x, Size2 size, const UnfoldOptions& o) {
  const Size2 count = windows("fold", size, o);
  const int64_t kh = o.kernel.h, kw = o.kernel.w;
  if (x.rank() != 3 || x.size(1) != count.h * count.w || x.size(2) % (kh * kw) != 0) {
    throw ShapeError("fold", fmt::format("images of {} x {} have {} windows of {} x {} taps, but x "
                                         "is {}",
                                         size.h, size.w, count.h * count.w, kh, kw, describe(x)));
  }
  const int64_t n = x.size(0), c = x.size(2) / (kh * kw);
  const int64_t h = size.h + 2 * o.padding.h, w = size.w + 2 * o.padding.w;
  const Tensor taps =
      reshape(permute(reshape(x, {n, count.h, count.w, kh, kw, c}), {0, 1, 3, 2, 4, 5}),
              {n, count.h * kh, count.w * kw, c});
  const Tensor none_wide = zeros({n, count.h * kh, w, c}, x.dtype(), x.device());
  const Tensor wide = index_add(none_wide, 2, columns_of(count, o, x.device()), taps);
  const Tensor none = zeros({n, h, w, c}, x.dtype(), x.device());
  const Tensor y = index_add(none, 1, rows_of(count, o, x.device()), wide);
  if (o.padding == Size2(0)) return y;
  return slice(slice(y, 1, o.padding.h, o.padding.h + size.h), 2, o.padding.w,
               o.padding.w + size.w);
}

Tensor unfold(const Tensor& x, int axis, int64_t size, int64_t step) {
  axis = normalize_axis("unfold", axis, x.rank());
  if (size < 1 || step < 1) {
    throw ValueError("unfold",
                     fmt::format("size and step must be at least 1, got {} and {}", size, step));
  }
  if (x.rank() == 0 || x.shape()[axis] < size) {
    throw ShapeError("unfold",
                     fmt::format("no window of {} fits axis {} of {}", size, axis, describe(x)));
  }
  const int64_t count = (x.shape()[axis] - size) / step + 1;
  Shape shape = x.shape();
  shape[axis] = count;
  shape.insert(axis + 1, size);
  Dims order;
  for (int i = 0; i < shape.rank(); ++i) {
    if (i != axis + 1) order.push_back(i);
  }
  order.push_back(axis + 1);
  const Tensor taps = index_select(x, axis, window_index(count, size, step, 1, x.device()));
  return permute(reshape(taps, shape), order);
}

}  // namespace strata
