#include "strata/ops/rearrange.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// Elements before an axis, and behind it.
std::pair<int64_t, int64_t> around(const Shape& shape, int axis) {
  int64_t outer = 1, inner = 1;
  for (int i = 0; i < axis; ++i) outer *= shape[i];
  for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  return {outer, inner};
}

void check_count(const char* op, int64_t count) {
  if (count < 0) throw ValueError(op, fmt::format("a count must not be negative, got {}", count));
}

/// y, made from x by views, in memory of its own: what is written into it must change neither x nor
/// another element of y, and a reshape of an expanded axis of size 1 has a stride of 0.
Tensor own(const Tensor& x, const Tensor& y) {
  return y.shares_storage(x) || !y.is_contiguous() ? copy(y) : y;
}

Tensor roll_axis(const Tensor& x, int64_t shift, int axis) {
  const int64_t size = x.shape()[axis];
  if (size == 0) return x;
  const int64_t cut = (size - shift % size) % size;
  if (cut == 0) return x;
  return concat({slice(x, axis, cut), slice(x, axis, 0, cut)}, axis);
}

Tensor triangle(const char* op, const Tensor& x, int64_t diagonal, bool lower) {
  if (x.rank() < 2) {
    throw ShapeError(op, fmt::format("x must be [..., rows, columns], got {}", describe(x)));
  }
  const int64_t rows = x.size(-2), columns = x.size(-1);
  // Beyond the corners nothing changes, and the sums below cannot overflow.
  const int64_t line = std::clamp(diagonal, -rows - 1, columns + 1);
  const auto count = [&](int64_t n) {
    return arange(0, static_cast<double>(n), 1, DType::i64, x.device());
  };
  const Tensor row = unsqueeze(count(rows) + line, 1), column = count(columns);
  return masked_fill(x, lower ? column > row : column < row, 0);
}

/// The elements of a matrix that lie on the diagonal of number `line`, clamped, or below it.
int64_t count_below(int64_t rows, int64_t columns, int64_t line) {
  const int64_t first = std::clamp<int64_t>(-line, 0, rows);  // row with any
  const int64_t whole = std::clamp<int64_t>(columns - line - 1, first, rows);
  return (whole - first) * (first + whole + 2 * line + 1) / 2 + (rows - whole) * columns;
}

/// The places that triangle() keeps, as columns.
Tensor kept_places(const char* op, const Shape& shape, int64_t diagonal, Device device,
                   bool lower) {
  checked_numel(op, shape);
  const int64_t rows = shape[0], columns = shape[1];
  const int64_t line = std::clamp(diagonal, -rows - 1, columns + 1);
  const auto first = [&](int64_t row) {
    return lower ? 0 : std::clamp<int64_t>(row + line, 0, columns);
  };
  const auto end = [&](int64_t row) {
    return lower ? std::clamp<int64_t>(row + line + 1, 0, columns) : columns;
  };
  const int64_t count = lower ? count_below(rows, columns, line)
                              : rows * columns - count_below(rows, columns, line - 1);
  Tensor y = empty({2, count}, DType::i64, device, op);
  if (count == 0) return y;
  const int64_t top = lower ? std::clamp<int64_t>(-line, 0, rows) : 0;
  const int64_t bottom = lower ? rows : std::clamp<int64_t>(columns - line, 0, rows);
  on_cpu(op, y, [&](Cpu) {
    auto* at = y.data<int64_t>();
    for (int64_t row = top; row < bottom; ++row) {
      const int64_t n = end(row) - first(row);
      std::fill_n(at, n, row);
      std::iota(at + count, at + count + n, first(row));
      at += n;
    }
  });
  return y;
}

void check_factor(const char* op, const Tensor& x, int64_t factor) {
  if (factor < 1 || factor > (1 << 20)) {
    throw ValueError(op, fmt::format("factor must be at least 1 and sane, got {}", factor));
  }
  if (x.rank() != 4) {
    throw ShapeError(op, fmt::format("x must be [N, H, W, C], got {}", describe(x)));
  }
}

}  // namespace

Tensor roll(const Tensor& x, const Dims& shifts, const Dims& axes) {
  if (axes.empty() && shifts.size() == 1) return reshape(roll(flatten(x), shifts, {0}), x.shape());
  if (axes.size() != shifts.size()) {
    throw ValueError("roll", fmt::format("{} shifts for {} axes", shifts.size(), axes.size()));
  }
  Tensor y = x;
  for (int i = 0; i < axes.size(); ++i) {
    const int axis = normalize_axis("roll", axes[i], x.rank());
    if (x.rank() > 0) y = roll_axis(y, shifts[i], axis);
  }
  return own(x, y);
}

Tensor tile(const Tensor& x, const Dims& counts) {
  Shape shape = x.shape();
  while (shape.rank() < counts.rank()) shape.insert(0, 1);
  Tensor y = reshape(x, shape);
  const int first = shape.rank() - counts.rank();
  for (int i = 0; i < counts.rank(); ++i) {
    check_count("tile", counts[i]);
    if (counts[i] == 1) continue;
    const auto [outer, inner] = around(shape, first + i);
    const int64_t block = shape[first + i] * inner;
    shape[first + i] *= counts[i];
    y = reshape(expand(reshape(y, {outer, 1, block}), {outer, counts[i], block}), shape);
  }
  return own(x, y);
}

Tensor repeat(const Tensor& x, const Dims& counts) {
  if (counts.rank() < x.rank()) {
    throw ShapeError("repeat", fmt::format("{} counts for {}", counts.rank(), describe(x)),
                     "tile() takes fewer");
  }
  return tile(x, counts);
}

Tensor repeat_interleave(const Tensor& x, int64_t count, int axis) {
  check_count("repeat_interleave", count);
  axis = normalize_axis("repeat_interleave", axis, x.rank());
  if (x.rank() == 0) return repeat_interleave(reshape(x, {1}), count, 0);
  Shape shape = x.shape();
  const auto [outer, inner] = around(shape, axis);
  const int64_t slices = outer * shape[axis];
  shape[axis] *= count;
  return own(x, reshape(expand(reshape(x, {slices, 1, inner}), {slices, count, inner}), shape));
}

Tensor repeat_interleave(const Tensor& x, const Tensor& counts, int axis) {
  const char* op = "repeat_interleave";
  axis = normalize_axis(op, axis, x.rank());
  if (!is_integral(counts.dtype())) {
    throw DTypeError(op, fmt::format("counts must be integers, got {}", describe(counts)));
  }
  const int64_t size = x.rank() ? x.shape()[axis] : 1;
  if (counts.shape() != Shape{size}) {
    throw ShapeError(op, fmt::format("counts must be [{}], one for each slice of {}, got {}", size,
                                     describe(x), describe(counts)));
  }
  if (counts.is_meta()) throw DeviceError(op, "the shape depends on values, which meta lacks");
  std::vector<int64_t> index;
  int64_t at = 0;
  for (const int64_t count : counts.to_vector<int64_t>()) {
    check_count(op, count);
    index.insert(index.end(), static_cast<size_t>(count), at++);
  }
  return index_select(x.rank() ? x : reshape(x, {1}), axis,
                      tensor(index, {static_cast<int64_t>(index.size())}));
}

Tensor tril(const Tensor& x, int64_t diagonal) { return triangle("tril", x, diagonal, true); }
Tensor triu(const Tensor& x, int64_t diagonal) { return triangle("triu", x, diagonal, false); }

Tensor tril_indices(int64_t rows, int64_t columns, int64_t diagonal, Device device) {
  return kept_places("tril_indices", {rows, columns}, diagonal, device, true);
}
Tensor triu_indices(int64_t rows, int64_t columns, int64_t diagonal, Device device) {
  return kept_places("triu_indices", {rows, columns}, diagonal, device, false);
}

std::vector<Tensor> meshgrid(std::span<const Tensor> xs, MeshIndexing indexing) {
  if (xs.empty()) throw ValueError("meshgrid", "needs at least one tensor");
  Shape shape;
  for (const Tensor& x : xs) {
    if (x.rank() > 1) {
      throw ShapeError("meshgrid", fmt::format("takes vectors and scalars, got {}", describe(x)));
    }
    shape.push_back(x.numel());
  }
  const bool swap = indexing == MeshIndexing::xy && xs.size() > 1;
  std::vector<Tensor> grids;
  for (int i = 0; i < shape.rank(); ++i) {
    Shape line = Dims::filled(shape.rank(), 1);
    line[i] = shape[i];
    const Tensor grid = expand(reshape(xs[static_cast<size_t>(i)], line), shape);
    grids.push_back(swap ? transpose(grid, 0, 1) : grid);
  }
  return grids;
}

Tensor outer(const Tensor& a, const Tensor& b) {
  if (a.rank() != 1 || b.rank() != 1) {
    throw ShapeError("outer",
                     fmt::format("takes two vectors, got {} and {}", describe(a), describe(b)));
  }
  return unsqueeze(a, 1) * b;
}

Tensor pixel_shuffle(const Tensor& x, int64_t factor) {
  check_factor("pixel_shuffle", x, factor);
  const int64_t block = factor * factor, channels = x.size(3) / block;
  if (x.size(3) % block != 0) {
    throw ShapeError("pixel_shuffle", fmt::format("the {} channels of {} do not divide by {}^2",
                                                  x.size(3), describe(x), factor));
  }
  const int64_t n = x.size(0), h = x.size(1), w = x.size(2);
  const Tensor blocks =
      permute(reshape(x, {n, h, w, channels, factor, factor}), {0, 1, 4, 2, 5, 3});
  return own(x, reshape(blocks, {n, h * factor, w * factor, channels}));
}

Tensor pixel_unshuffle(const Tensor& x, int64_t factor) {
  check_factor("pixel_unshuffle", x, factor);
  if (x.size(1) % factor != 0 || x.size(2) % factor != 0) {
    throw ShapeError("pixel_unshuffle",
                     fmt::format("{} does not divide into blocks of {}", describe(x), factor));
  }
  const int64_t n = x.size(0), h = x.size(1) / factor, w = x.size(2) / factor, c = x.size(3);
  const Tensor taps = permute(reshape(x, {n, h, factor, w, factor, c}), {0, 1, 3, 5, 2, 4});
  return own(x, reshape(taps, {n, h, w, c * factor * factor}));
}

Tensor channel_shuffle(const Tensor& x, int64_t groups) {
  const char* op = "channel_shuffle";
  if (groups < 1) {
    throw ValueError(op, fmt::format("groups must be at least 1, got {}", groups));
  }
  if (x.rank() < 3) {
    throw ShapeError(op, fmt::format("x must be [N, ..., C], got {}", describe(x)));
  }
  if (x.size(-1) % groups != 0) {
    throw ShapeError(op, fmt::format("the {} channels of {} do not divide into {} groups",
                                     x.size(-1), describe(x), groups));
  }
  const Tensor parts = unflatten(x, -1, {groups, x.size(-1) / groups});
  return own(x, reshape(transpose(parts, -1, -2), x.shape()));
}

}  // namespace strata
