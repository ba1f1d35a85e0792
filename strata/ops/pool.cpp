#include "strata/ops/pool.h"

#include <algorithm>
#include <limits>
#include <memory>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/pool.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/windows.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using kernels::Pool2d;
using Plan = std::shared_ptr<const Pool2d>;  // shared by an op and its way back

template <class F>
void visit_pool_dtype(DType dtype, F&& f) {
  if (dtype == DType::f64) return f(TypeTag<double>{});
  if (dtype == DType::bf16) return f(TypeTag<bfloat16>{});
  if (dtype == DType::f16) return f(TypeTag<float16>{});
  f(TypeTag<float>{});
}

void check_images(const char* op, const Tensor& x) {
  if (x.rank() != 4) {
    throw ShapeError(op, fmt::format("x must be [N, H, W, C], got {}", describe(x)));
  }
  internal::check_floating(op, x);
  if (x.size(1) == 0 || x.size(2) == 0 ||
      x.size(1) * x.size(2) > std::numeric_limits<int32_t>::max()) {
    throw ShapeError(op, fmt::format("an image has no pixels or too many: x is {}", describe(x)));
  }
}

void check_at_least(const char* op, const char* name, Size2 v, int64_t least) {
  if (v.h >= least && v.w >= least) return;
  throw ValueError(op, fmt::format("{} must be at least {}, got {} x {}", name, least, v.h, v.w));
}

Plan sliding_plan(const char* op, const Tensor& x, const Pool2dOptions& o, Size2 dilation) {
  check_images(op, x);
  const Size2 stride = internal::checked_stride(op, o);
  check_at_least(op, "dilation", dilation, 1);
  internal::check_not_huge(op, {dilation.h, dilation.w});
  const int64_t tall = dilation.h * (o.kernel.h - 1) + 1, wide = dilation.w * (o.kernel.w - 1) + 1;
  // In ceil mode a window may leave the image by less than a stride.
  const Size2 beyond = o.ceil_mode ? Size2(stride.h - 1, stride.w - 1) : Size2(0);
  if (tall > x.size(1) + 2 * o.padding.h + beyond.h ||
      wide > x.size(2) + 2 * o.padding.w + beyond.w) {
    throw ShapeError(
        op, fmt::format("the window of {} x {} does not fit x {}", tall, wide, describe(x)));
  }
  const auto axis = [&](int i, int64_t kernel, int64_t step, int64_t padding, int64_t spread) {
    return kernels::sliding_axis(x.size(i), kernel, step, padding, spread, o.ceil_mode,
                                 o.count_include_pad);
  };
  return std::make_shared<const Pool2d>(
      Pool2d{x.size(0), x.size(3), axis(1, o.kernel.h, stride.h, o.padding.h, dilation.h),
             axis(2, o.kernel.w, stride.w, o.padding.w, dilation.w)});
}

Plan adaptive_plan(const char* op, const Tensor& x, Size2 size) {
  check_images(op, x);
  if (size.h < 1 || size.w < 1) {
    throw ValueError(op, fmt::format("size must be at least 1, got {} x {}", size.h, size.w));
  }
  if (std::max(size.h, size.w) > std::numeric_limits<int32_t>::max()) {
    throw ValueError(op, fmt::format("the size {} x {} is too much", size.h, size.w));
  }
  // Where memory lacks, it is to be said before a plan as long is made.
  empty({x.size(0), size.h, size.w, x.size(3)}, x.dtype(), x.device(), op);
  return std::make_shared<const Pool2d>(Pool2d{x.size(0), x.size(3),
                                               kernels::adaptive_axis(x.size(1), size.h),
                                               kernels::adaptive_axis(x.size(2), size.w)});
}

Shape x_shape(const Pool2d& p) { return {p.n, p.rows.in, p.columns.in, p.c}; }
Shape y_shape(const Pool2d& p) { return {p.n, p.rows.out(), p.columns.out(), p.c}; }

// Both ways of max pooling are linear once the indices are known, and each is the way back of the
// other.
Tensor max_gather(const Plan& p, const Tensor& x, const Tensor& index);

Tensor max_back(const Plan& p, const Tensor& dy_any, const Tensor& index) {
  const Tensor dy = contiguous(dy_any);
  Tensor dx = empty(x_shape(*p), dy.dtype(), dy.device(), "max_pool2d");
  on_cpu("max_pool2d", dy, [&](Cpu) {
    visit_pool_dtype(dy.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      kernels::max_pool2d_backward(*p, dy.data<T>(), index.data<int32_t>(), dx.data<T>());
    });
  });
  return record("max_pool2d_back", {dy}, dx,
                [p, index = save(index)](const Tensor& ddx, Needs) -> Grads {
                  return {max_gather(p, ddx, index.get())};
                });
}

Tensor max_gather(const Plan& p, const Tensor& x_any, const Tensor& index) {
  const Tensor x = contiguous(x_any);
  Tensor y = empty(y_shape(*p), x.dtype(), x.device(), "max_pool2d");
  on_cpu("max_pool2d", x, [&](Cpu) {
    visit_pool_dtype(x.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      kernels::max_pool2d_gather(*p, x.data<T>(), index.data<int32_t>(), y.data<T>());
    });
  });
  return record("max_pool2d_gather", {x}, y,
                [p, index = save(index)](const Tensor& dy, Needs) -> Grads {
                  return {max_back(p, dy, index.get())};
                });
}

std::pair<Tensor, Tensor> max_forward(const char* op, const Plan& p, const Tensor& x_any) {
  const Tensor x = contiguous(x_any);
  Tensor y = empty(y_shape(*p), x.dtype(), x.device(), op);
  Tensor index = empty(y.shape(), DType::i32, x.device(), op);
  on_cpu(op, x, [&](Cpu) {
    visit_pool_dtype(x.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      kernels::max_pool2d(*p, x.data<T>(), y.data<T>(), index.data<int32_t>());
    });
  });
  y = record(op, {x}, y, [p, index = save(index)](const Tensor& dy, Needs) -> Grads {
    return {max_back(p, dy, index.get())};
  });
  return {y, index};
}

Tensor average(const char* op, const Plan& p, const Tensor& x);

Tensor average_back(const Plan& p, const Tensor& dy_any) {
  const Tensor dy = contiguous(dy_any);
  Tensor dx = empty(x_shape(*p), dy.dtype(), dy.device(), "avg_pool2d");
  on_cpu("avg_pool2d", dy, [&](Cpu) {
    visit_pool_dtype(dy.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      kernels::avg_pool2d_backward(*p, dy.data<T>(), dx.data<T>());
    });
  });
  return record("avg_pool2d_back", {dy}, dx,
                [p](const Tensor& ddx, Needs) -> Grads { return {average("avg_pool2d", p, ddx)}; });
}

Tensor average(const char* op, const Plan& p, const Tensor& x_any) {
  const Tensor x = contiguous(x_any);
  Tensor y = empty(y_shape(*p), x.dtype(), x.device(), op);
  on_cpu(op, x, [&](Cpu) {
    visit_pool_dtype(x.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      kernels::avg_pool2d(*p, x.data<T>(), y.data<T>());
    });
  });
  return record(op, {x}, y,
                [p](const Tensor& dy, Needs) -> Grads { return {average_back(p, dy)}; });
}

}  // namespace

Size2 internal::checked_stride(const char* op, const Pool2dOptions& o) {
  const Size2 stride = o.stride == Size2(0) ? o.kernel : o.stride;
  check_at_least(op, "kernel", o.kernel, 1);
  check_at_least(op, "stride", stride, 1);
  check_at_least(op, "padding", o.padding, 0);
  check_not_huge(op, {o.kernel.h, o.kernel.w, stride.h, stride.w, o.padding.h, o.padding.w});
  if (o.padding.h > o.kernel.h / 2 || o.padding.w > o.kernel.w / 2) {
    throw ValueError(op, fmt::format("padding {} x {} is more than half of the kernel {} x {}",
                                     o.padding.h, o.padding.w, o.kernel.h, o.kernel.w));
  }
  return stride;
}

std::pair<Tensor, Tensor> max_pool2d_with_indices(const Tensor& x, const Pool2dOptions& options) {
  return max_forward("max_pool2d", sliding_plan("max_pool2d", x, options, options.dilation), x);
}

Tensor max_pool2d(const Tensor& x, const Pool2dOptions& options) {
  return max_pool2d_with_indices(x, options).first;
}

Tensor avg_pool2d(const Tensor& x, const Pool2dOptions& options) {
  if (options.dilation != Size2(1)) {
    throw ValueError("avg_pool2d", "has no dilation");
  }
  return average("avg_pool2d", sliding_plan("avg_pool2d", x, options, 1), x);
}

std::pair<Tensor, Tensor> adaptive_max_pool2d_with_indices(const Tensor& x, Size2 size) {
  const char* op = "adaptive_max_pool2d";
  return max_forward(op, adaptive_plan(op, x, size), x);
}

Tensor adaptive_max_pool2d(const Tensor& x, Size2 size) {
  return adaptive_max_pool2d_with_indices(x, size).first;
}

Tensor adaptive_avg_pool2d(const Tensor& x, Size2 size) {
  const char* op = "adaptive_avg_pool2d";
  return average(op, adaptive_plan(op, x, size), x);
}

}  // namespace strata
