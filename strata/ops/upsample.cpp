#include "strata/ops/upsample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/resample.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/pool.h"
#include "strata/ops/pool_nd.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using kernels::ResampleAxis;

// There and back again: each way's gradient is the other.
struct Plan {
  const char* op;
  ResampleAxis rows, columns, rows_back, columns_back;
};

Tensor resample(const std::shared_ptr<const Plan>& plan, bool back, const Tensor& x_any) {
  const Tensor x = contiguous(x_any);
  const ResampleAxis& rows = back ? plan->rows_back : plan->rows;
  const ResampleAxis& columns = back ? plan->columns_back : plan->columns;
  const int64_t n = x.size(0), c = x.size(3);
  Tensor y = empty({n, rows.out(), columns.out(), c}, x.dtype(), x.device(), plan->op);
  const auto run = [&](auto tag) {
    using T = typename decltype(tag)::type;
    kernels::resample2d(n, c, rows, columns, x.data<T>(), y.data<T>());
  };
  on_cpu(plan->op, x, [&](Cpu) {
    switch (x.dtype()) {
      case DType::f64: return run(TypeTag<double>{});
      case DType::bf16: return run(TypeTag<bfloat16>{});
      case DType::f16: return run(TypeTag<float16>{});
      default: return run(TypeTag<float>{});
    }
  });
  return record(plan->op, {x}, y, [plan, back](const Tensor& dy, Needs) -> Grads {
    return {resample(plan, !back, dy)};
  });
}

Tensor resample(const char* op, const Tensor& x, ResampleAxis rows, ResampleAxis columns) {
  auto plan = std::make_shared<Plan>();
  plan->op = op;
  plan->rows_back = transposed(rows);
  plan->columns_back = transposed(columns);
  plan->rows = std::move(rows);
  plan->columns = std::move(columns);
  return resample(plan, false, x);
}

/// What the options of an op say of x [N, axes ..., C], axis by axis.
struct Call {
  const char* op;
  const char* layout;
  const char* names;  ///< of the factors
  const Tensor& x;
  UpsampleMode mode;
  bool align_corners;
  int axes;
  std::array<int64_t, 3> size;
  std::array<double, 3> scale;

  std::string hint() const { return fmt::format("give either size or {}", names); }
};

// The longest axis whose taps, four for each result, an i32 can count.
constexpr int64_t kMost = std::numeric_limits<int32_t>::max() / 4;

struct Place {
  int64_t out;
  double scale;  // input over result
};

Place place(const Call& c, int i) {
  const int64_t in = c.x.size(i + 1), size = c.size[static_cast<size_t>(i)];
  const double factor = c.scale[static_cast<size_t>(i)];
  const double wanted =
      size > 0 ? static_cast<double>(size) : std::floor(static_cast<double>(in) * factor);
  if (!(wanted >= 1 && wanted <= kMost) || in > kMost) {
    const std::string by = size > 0 ? fmt::format("to {}", size) : fmt::format("times {}", factor);
    throw ValueError(c.op, fmt::format("an axis of {} {} leaves no result or too much", in, by),
                     c.hint());
  }
  const auto out = static_cast<int64_t>(wanted);
  const auto ratio = static_cast<double>(in) / wanted;
  if (c.align_corners) {
    return {out, out > 1 ? static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0.0};
  }
  return {out, size > 0 ? ratio : 1 / factor};
}

void check(const Call& c) {
  const Tensor& x = c.x;
  if (x.rank() != c.axes + 2) {
    throw ShapeError(c.op, fmt::format("x must be {}, got {}", c.layout, describe(x)));
  }
  for (int i = 1; i <= c.axes; ++i) {
    if (x.size(i) == 0) throw ShapeError(c.op, fmt::format("nothing in x, {}", describe(x)));
  }
  internal::check_floating(c.op, x);
  const bool smooth = c.mode == UpsampleMode::linear || c.mode == UpsampleMode::bicubic;
  if (c.align_corners && !smooth) {
    throw ValueError(c.op, "align_corners is an option of the linear modes and of bicubic");
  }
  if (c.mode == UpsampleMode::bicubic && c.axes != 2) {
    throw ValueError(c.op, "bicubic is a mode of upsample2d alone");
  }
  const auto set = [](auto v) { return v != 0; };
  const bool sized = std::any_of(c.size.begin(), c.size.end(), set);
  const bool scaled = std::any_of(c.scale.begin(), c.scale.end(), set);
  const auto least = *std::min_element(c.size.begin(), c.size.begin() + c.axes);
  if (sized == scaled || (sized && least < 1)) throw ValueError(c.op, c.hint());
  Shape shape = x.shape();
  for (int i = 0; i < c.axes; ++i) shape[i + 1] = place(c, i).out;
  empty(shape, x.dtype(), x.device(), c.op);  // may throw, before axes as long are made
}

/// floor((i + offset) * scale) in f32, as PyTorch has it.
ResampleAxis nearest_to(double offset, int64_t in, const Place& p) {
  ResampleAxis axis{.in = in, .begin = {0}, .from = {}, .weight = {}};
  const auto scale = static_cast<double>(static_cast<float>(p.scale));
  for (int64_t i = 0; i < p.out; ++i) {
    const auto at = static_cast<float>((static_cast<double>(i) + offset) * scale);
    axis.from.push_back(static_cast<int32_t>(std::min(static_cast<int64_t>(at), in - 1)));
    axis.weight.push_back(1);
    axis.begin.push_back(static_cast<int32_t>(axis.from.size()));
  }
  return axis;
}

ResampleAxis axis_of(const Call& c, int i) {
  const Place p = place(c, i);
  const int64_t in = c.x.size(i + 1);
  const bool exact = c.x.dtype() == DType::f64;
  switch (c.mode) {
    case UpsampleMode::nearest:
      // PyTorch does not ask for the scale where images stay or double, but for others it does.
      return c.axes == 2 ? kernels::nearest_axis(in, p.out, p.scale) : nearest_to(0, in, p);
    case UpsampleMode::nearest_exact: return nearest_to(0.5, in, p);
    case UpsampleMode::bicubic:
      return kernels::cubic_axis(in, p.out, p.scale, c.align_corners, exact);
    default: return kernels::linear_axis(in, p.out, p.scale, c.align_corners, exact);
  }
}

ResampleAxis single() { return kernels::nearest_axis(1, 1, 1); }

}  // namespace

Tensor upsample1d(const Tensor& x, const Upsample1dOptions& o) {
  const Call c{"upsample1d",   "[N, L, C]",    "scale", x, o.mode, o.align_corners, 1,
               {o.size, 0, 0}, {o.scale, 0, 0}};
  check(c);
  if (o.mode == UpsampleMode::area) return adaptive_avg_pool1d(x, place(c, 0).out);
  return squeeze(resample(c.op, unsqueeze(x, 2), axis_of(c, 0), single()), 2);
}

Tensor upsample2d(const Tensor& x, const UpsampleOptions& o) {
  const Call c{"upsample2d",
               "[N, H, W, C]",
               "both scale_h and scale_w",
               x,
               o.mode,
               o.align_corners,
               2,
               {o.size.h, o.size.w, 0},
               {o.scale_h, o.scale_w, 0}};
  check(c);
  if (o.mode == UpsampleMode::area) {
    return adaptive_avg_pool2d(x, {place(c, 0).out, place(c, 1).out});
  }
  return resample(c.op, x, axis_of(c, 0), axis_of(c, 1));
}

Tensor upsample3d(const Tensor& x, const Upsample3dOptions& o) {
  const Call c{"upsample3d",
               "[N, D, H, W, C]",
               "all of scale_d, scale_h and scale_w",
               x,
               o.mode,
               o.align_corners,
               3,
               {o.size.d, o.size.h, o.size.w},
               {o.scale_d, o.scale_h, o.scale_w}};
  check(c);
  if (o.mode == UpsampleMode::area) {
    return adaptive_avg_pool3d(x, {place(c, 0).out, place(c, 1).out, place(c, 2).out});
  }
  // Two steps, which must not round to a half in between.
  if (size_of(x.dtype()) < 4 && o.mode == UpsampleMode::trilinear) {
    return cast(upsample3d(cast(x, DType::f32), o), x.dtype());
  }
  const int64_t n = x.size(0), d = x.size(1), channels = x.size(4);
  const Tensor planes = resample(c.op, reshape(x, {n * d, x.size(2), x.size(3), channels}),
                                 axis_of(c, 1), axis_of(c, 2));
  const int64_t h = planes.size(1), w = planes.size(2);
  const Tensor y =
      resample(c.op, reshape(planes, {n, d, 1, h * w * channels}), axis_of(c, 0), single());
  return reshape(y, {n, y.size(1), h, w, channels});
}

}  // namespace strata
