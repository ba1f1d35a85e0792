#include "strata/ops/grid_sample.h"

#include <limits>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/grid_sample.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using kernels::GridOrders;
using kernels::GridSample;
using kernels::RowSums;

constexpr const char* kOp = "grid_sample";

/// Calls f with the types of x and of its weights.
template <class F>
void visit_types(DType dtype, F&& f) {
  if (dtype == DType::f64) return f(TypeTag<double>{}, TypeTag<double>{});
  if (dtype == DType::bf16) return f(TypeTag<bfloat16>{}, TypeTag<float>{});
  f(TypeTag<float>{}, TypeTag<float>{});
}

DType weight_dtype(DType x) { return x == DType::f64 ? DType::f64 : DType::f32; }

// -------------------------------------------------------- what the points say: weights and places

/// The weights of the taps, [N, points, taps of a point] of a grid [N, points, axes], or their
/// derivatives; those of one order more are the way back.
Tensor weights_of(const GridSample& s, const Tensor& grid_any, const GridOrders& orders) {
  const Tensor grid = contiguous(grid_any);
  const int64_t n = grid.size(0), points = grid.size(1);
  Tensor w = empty({n, points, s.taps_of_point()}, grid.dtype(), grid.device(), kOp);
  on_cpu(kOp, grid, [&](Cpu) {
    if (grid.dtype() == DType::f64) {
      kernels::grid_weights(s, n * points, orders, grid.data<double>(), w.data<double>());
    } else {
      kernels::grid_weights(s, n * points, orders, grid.data<float>(), w.data<float>());
    }
  });
  return record("grid_weights", {grid}, w,
                [s, orders, grid = save(grid)](const Tensor& dw, Needs) -> Grads {
                  // Of the nearest, 0 whatever x is: dw may be infinite.
                  if (s.taps == 1) return {zeros(grid.get().shape(), dw.dtype(), dw.device())};
                  std::vector<Tensor> numbers;  // a point's are in the reverse order of the axes
                  for (auto a = static_cast<size_t>(s.axes); a-- > 0;) {
                    GridOrders more = orders;
                    ++more[a];
                    numbers.push_back(sum(dw * weights_of(s, grid.get(), more), {-1}, true));
                  }
                  return {concat(numbers, -1)};
                });
}

Tensor places_of(const GridSample& s, const Tensor& grid) {
  const int64_t n = grid.size(0), points = grid.size(1);
  Tensor places = empty({n, points, s.taps_of_point()}, DType::i32, grid.device(), kOp);
  on_cpu(kOp, grid, [&](Cpu) {
    if (grid.dtype() == DType::f64) {
      kernels::grid_places(s, n * points, grid.data<double>(), places.data<int32_t>());
    } else {
      kernels::grid_places(s, n * points, grid.data<float>(), places.data<int32_t>());
    }
  });
  return places;
}

// ------------------------------------------- weighted rows: three products, each the others' way
// back

Tensor spread(const RowSums& s, const Tensor& dy, const Tensor& places, const Tensor& weights);
Tensor dots(const RowSums& s, const Tensor& dy, const Tensor& x, const Tensor& places);

Tensor weighted(const RowSums& s, const Tensor& x_any, const Tensor& places, const Tensor& w_any) {
  const Tensor x = contiguous(x_any), w = contiguous(w_any);
  Tensor y = empty({s.n, s.points, s.c}, x.dtype(), x.device(), kOp);
  on_cpu(kOp, x, [&](Cpu) {
    visit_types(x.dtype(), [&](auto tag, auto wide) {
      using T = typename decltype(tag)::type;
      using W = typename decltype(wide)::type;
      kernels::sum_rows(s, x.data<T>(), places.data<int32_t>(), w.data<W>(), y.data<T>());
    });
  });
  return record(
      kOp, {x, w}, y,
      [s, x = save(x), places = save(places), w = save(w)](const Tensor& dy, Needs needs) -> Grads {
        Grads grads(2);
        if (needs[0]) grads[0] = spread(s, dy, places.get(), w.get());
        if (needs[1]) grads[1] = dots(s, dy, x.get(), places.get());
        return grads;
      });
}

Tensor spread(const RowSums& s, const Tensor& dy_any, const Tensor& places, const Tensor& w_any) {
  const Tensor dy = contiguous(dy_any), w = contiguous(w_any);
  Tensor dx = empty({s.n, s.rows, s.c}, dy.dtype(), dy.device(), kOp);
  on_cpu(kOp, dy, [&](Cpu) {
    visit_types(dy.dtype(), [&](auto tag, auto wide) {
      using T = typename decltype(tag)::type;
      using W = typename decltype(wide)::type;
      kernels::sum_rows_back(s, dy.data<T>(), places.data<int32_t>(), w.data<W>(), dx.data<T>());
    });
  });
  return record("grid_sample_back", {dy, w}, dx,
                [s, dy = save(dy), places = save(places), w = save(w)](const Tensor& ddx,
                                                                       Needs needs) -> Grads {
                  Grads grads(2);
                  if (needs[0]) grads[0] = weighted(s, ddx, places.get(), w.get());
                  if (needs[1]) grads[1] = dots(s, dy.get(), ddx, places.get());
                  return grads;
                });
}

Tensor dots(const RowSums& s, const Tensor& dy_any, const Tensor& x_any, const Tensor& places) {
  const Tensor dy = contiguous(dy_any), x = contiguous(x_any);
  Tensor dw = empty({s.n, s.points, s.taps}, weight_dtype(x.dtype()), x.device(), kOp);
  on_cpu(kOp, x, [&](Cpu) {
    visit_types(x.dtype(), [&](auto tag, auto wide) {
      using T = typename decltype(tag)::type;
      using W = typename decltype(wide)::type;
      kernels::dot_rows(s, dy.data<T>(), x.data<T>(), places.data<int32_t>(), dw.data<W>());
    });
  });
  return record("grid_sample_weights", {dy, x}, dw,
                [s, dy = save(dy), x = save(x), places = save(places)](const Tensor& ddw,
                                                                       Needs needs) -> Grads {
                  Grads grads(2);
                  if (needs[0]) grads[0] = weighted(s, x.get(), places.get(), ddw);
                  if (needs[1]) grads[1] = spread(s, dy.get(), places.get(), ddw);
                  return grads;
                });
}

// ------------------------------------------------------------------------------------------ checks

void check(const Tensor& x, const Tensor& grid, const GridSampleOptions& o) {
  if (x.rank() != 4 && x.rank() != 5) {
    throw ShapeError(kOp,
                     fmt::format("x must be [N, H, W, C] or [N, D, H, W, C], got {}", describe(x)));
  }
  const int axes = x.rank() - 2;
  if (grid.rank() != x.rank() || grid.size(0) != x.size(0) || grid.size(-1) != axes) {
    throw ShapeError(
        kOp, fmt::format("the grid of x {} must be [{}, {}], got {}", describe(x), x.size(0),
                         axes == 2 ? "h, w, 2" : "d, h, w, 3", describe(grid)));
  }
  internal::check_floating(kOp, x);
  if (grid.dtype() != x.dtype() && grid.dtype() != weight_dtype(x.dtype())) {
    throw DTypeError(kOp, fmt::format("takes a grid of x's dtype, or f32 beside a half; got {} and "
                                      "{}",
                                      describe(x), describe(grid)));
  }
  internal::check_same_device(kOp, x, grid);
  if (axes == 3 && o.mode == GridMode::bicubic) {
    throw ValueError(kOp, fmt::format("bicubic is of images alone, x is {}", describe(x)));
  }
  int64_t pixels = 1;
  for (int a = 1; a <= axes; ++a) pixels *= x.size(a);
  if (pixels == 0 || pixels > std::numeric_limits<int32_t>::max()) {
    throw ShapeError(kOp, fmt::format("no pixels or too many in x, {}", describe(x)));
  }
}

GridSample plan_of(const Tensor& x, const GridSampleOptions& o) {
  GridSample s;
  s.axes = x.rank() - 2;
  for (int a = 0; a < s.axes; ++a) s.size[static_cast<size_t>(a)] = x.size(a + 1);
  s.taps = o.mode == GridMode::nearest ? 1 : o.mode == GridMode::bilinear ? 2 : 4;
  switch (o.padding) {
    case GridPaddingMode::zeros: s.padding = kernels::GridPadding::zeros; break;
    case GridPaddingMode::border: s.padding = kernels::GridPadding::border; break;
    case GridPaddingMode::reflection: s.padding = kernels::GridPadding::reflection; break;
  }
  s.align_corners = o.align_corners;
  return s;
}

/// `count` numbers from -1 to 1, or with their outer edges there; 0 for a single one.
Tensor spaced(int64_t count, bool align_corners, DType dtype, Device device) {
  if (count == 1) return zeros({1}, dtype, device);
  const double end =
      align_corners ? 1 : static_cast<double>(count - 1) / static_cast<double>(count);
  return linspace(-end, end, count, dtype, device);
}

}  // namespace

Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& options) {
  check(x, grid, options);
  if (x.dtype() == DType::f16) {
    return cast(grid_sample(cast(x, DType::f32), cast(grid, DType::f32), options), DType::f16);
  }
  const GridSample s = plan_of(x, options);
  Shape shape = grid.shape();
  shape.back() = x.size(-1);
  const int64_t n = x.size(0), c = x.size(-1);
  int64_t points = 1, rows = 1;
  for (int a = 1; a <= s.axes; ++a) points *= grid.size(a), rows *= x.size(a);
  const Tensor at = contiguous(cast(reshape(grid, {n, points, s.axes}), weight_dtype(x.dtype())));
  const Tensor weights = weights_of(s, at, {});
  const RowSums sums{n, rows, points, s.taps_of_point(), c};
  return reshape(weighted(sums, reshape(x, {n, rows, c}), places_of(s, at), weights), shape);
}

Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners) {
  const char* op = "affine_grid";
  const int axes = size.rank();
  if ((axes != 2 && axes != 3) || theta.rank() != 3 || theta.size(1) != axes ||
      theta.size(2) != axes + 1) {
    throw ShapeError(op, fmt::format("theta must be [N, 2, 3] with {{H, W}}, or [N, 3, 4] with "
                                     "{{D, H, W}}, got {} and {}",
                                     describe(theta), to_string(size)));
  }
  for (const int64_t length : size) {
    if (length < 1) {
      throw ShapeError(op, fmt::format("the size must be at least 1, got {}", to_string(size)));
    }
  }
  internal::check_floating(op, theta);
  if (size_of(theta.dtype()) < 4) {
    return cast(affine_grid(cast(theta, DType::f32), size, align_corners), theta.dtype());
  }
  std::vector<Tensor> numbers;
  for (int a = axes - 1; a >= 0; --a) {
    Shape line = Dims::filled(axes, 1);
    line[a] = size[a];
    const Tensor along = spaced(size[a], align_corners, theta.dtype(), theta.device());
    numbers.push_back(expand(reshape(along, line), size));
  }
  numbers.push_back(expand(ones(Dims::filled(axes, 1), theta.dtype(), theta.device()), size));
  const Tensor points = reshape(stack(numbers, -1), {numel(size), axes + 1});
  const Shape shape = joined(joined({theta.size(0)}, size), {axes});
  return reshape(matmul(points, transpose(theta, 1, 2)), shape);
}

}  // namespace strata
