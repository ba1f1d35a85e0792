#include "strata/ops/upsample.h"

#include <cmath>
#include <limits>
#include <memory>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/resample.h"
#include "strata/ops/copy.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using kernels::ResampleAxis;

// There and back again: each way's gradient is the other.
struct Plan {
  ResampleAxis rows, columns, rows_back, columns_back;
};

Tensor resample(const std::shared_ptr<const Plan>& plan, bool back, const Tensor& x_any) {
  const Tensor x = contiguous(x_any);
  const ResampleAxis& rows = back ? plan->rows_back : plan->rows;
  const ResampleAxis& columns = back ? plan->columns_back : plan->columns;
  const int64_t n = x.size(0), c = x.size(3);
  Tensor y = empty({n, rows.out(), columns.out(), c}, x.dtype(), x.device(), "upsample2d");
  const auto run = [&](auto tag) {
    using T = typename decltype(tag)::type;
    kernels::resample2d(n, c, rows, columns, x.data<T>(), y.data<T>());
  };
  on_cpu("upsample2d", x, [&](Cpu) {
    switch (x.dtype()) {
      case DType::f64: return run(TypeTag<double>{});
      case DType::bf16: return run(TypeTag<bfloat16>{});
      default: return run(TypeTag<float>{});
    }
  });
  return record("upsample2d", {x}, y, [plan, back](const Tensor& dy, Needs) -> Grads {
    return {resample(plan, !back, dy)};
  });
}

struct Place {
  int64_t out;
  double scale;  // input over result
};

Place place(int64_t in, int64_t size, double factor, const UpsampleOptions& o) {
  const double wanted =
      size > 0 ? static_cast<double>(size) : std::floor(static_cast<double>(in) * factor);
  if (!(wanted >= 1 && wanted <= std::numeric_limits<int32_t>::max())) {
    throw ValueError("upsample2d",
                     fmt::format("an axis of {} times {} leaves no result or too much", in, factor),
                     "give either size or both scale_h and scale_w");
  }
  const auto out = static_cast<int64_t>(wanted);
  const auto ratio = static_cast<double>(in) / wanted;
  if (o.align_corners) {
    return {out, out > 1 ? static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0.0};
  }
  return {out, size > 0 ? ratio : 1 / factor};
}

}  // namespace

Tensor upsample2d(const Tensor& x, const UpsampleOptions& o) {
  if (x.rank() != 4 || x.size(1) == 0 || x.size(2) == 0) {
    throw ShapeError("upsample2d", fmt::format("x must be [N, H, W, C], got {}", describe(x)));
  }
  if (x.dtype() != DType::f32 && x.dtype() != DType::f64 && x.dtype() != DType::bf16) {
    throw DTypeError("upsample2d", fmt::format("takes f32, f64 and bf16, x is {}", describe(x)));
  }
  if (o.align_corners && o.mode == UpsampleMode::nearest) {
    throw ValueError("upsample2d", "align_corners is an option of bilinear and bicubic");
  }
  const bool sized = o.size != Size2(0), scaled = o.scale_h != 0 || o.scale_w != 0;
  if (sized == scaled || (sized && (o.size.h < 1 || o.size.w < 1))) {
    throw ValueError("upsample2d", "give either size or both scale_h and scale_w");
  }
  const auto axis = [&](int64_t in, int64_t size, double factor) {
    const Place p = place(in, size, factor, o);
    if (o.mode == UpsampleMode::nearest) return kernels::nearest_axis(in, p.out, p.scale);
    const bool exact = x.dtype() == DType::f64;
    if (o.mode == UpsampleMode::bicubic) {
      return kernels::cubic_axis(in, p.out, p.scale, o.align_corners, exact);
    }
    return kernels::linear_axis(in, p.out, p.scale, o.align_corners, exact);
  };
  auto plan = std::make_shared<Plan>();
  plan->rows = axis(x.size(1), o.size.h, o.scale_h);
  plan->columns = axis(x.size(2), o.size.w, o.scale_w);
  plan->rows_back = transposed(plan->rows);
  plan->columns_back = transposed(plan->columns);
  return resample(plan, false, x);
}

}  // namespace strata
