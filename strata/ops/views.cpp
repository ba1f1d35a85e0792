#include "strata/ops/views.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/copy.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// Replaces a -1 by what the number of elements asks for.
Shape infer_shape(const Tensor& x, Shape shape) {
  int unknown = -1;
  Shape known_sizes = shape;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == -1 && unknown < 0) {
      unknown = i;
      known_sizes[i] = 1;
    } else if (shape[i] < 0) {
      throw ShapeError("reshape", fmt::format("shape {} may hold one -1 and no other negative size",
                                              to_string(shape)));
    }
  }
  const int64_t known = checked_numel("reshape", known_sizes), n = x.numel();
  const bool fits = unknown < 0 ? known == n : known > 0 && n % known == 0;
  if (!fits) {
    throw ShapeError("reshape", fmt::format("{} has {} elements, which do not fill shape {}",
                                            describe(x), n, to_string(shape)));
  }
  if (unknown >= 0) shape[unknown] = n / known;
  return shape;
}

/// Strides with which x's memory reads in row-major order under `shape`, if there are any.
std::optional<Strides> strides_for(const Tensor& x, const Shape& shape) {
  if (x.is_contiguous()) return contiguous_strides(shape);
  Strides out = Dims::filled(shape.rank(), 1);
  int to = shape.rank() - 1;
  for (int from = x.rank() - 1; from >= 0;) {
    // A run of axes of x without gaps, then the axes of `shape` that fill it.
    int64_t run = x.shape()[from], stride = x.strides()[from];
    for (--from; from >= 0; --from) {
      if (x.shape()[from] != 1 && x.strides()[from] != stride * run) break;
      run *= x.shape()[from];
    }
    int64_t filled = 1;
    while (to >= 0 && (filled < run || shape[to] == 1)) {
      out[to] = stride * filled;
      filled *= shape[to--];
    }
    if (filled != run) return std::nullopt;
  }
  return out;
}

struct Range {
  int64_t begin, length;
};

Range clamp_range(int64_t begin, int64_t end, int64_t step, int64_t size) {
  const auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + size : i, 0, size); };
  begin = clamp(begin);
  end = clamp(end);
  return {begin, end > begin ? (end - begin - 1) / step + 1 : 0};
}

Tensor slice_view(const Tensor& x, int axis, Range range, int64_t step) {
  Shape shape = x.shape();
  Strides strides = x.strides();
  shape[axis] = range.length;
  if (range.length > 1) strides[axis] *= step;  // else a huge step would overflow
  return x.as_strided(shape, strides, x.offset() + range.begin * x.strides()[axis]);
}

/// The way back of a slice: zeros of `shape` with x in the slice's place.
Tensor unslice(const Tensor& x, const Shape& shape, int axis, int64_t begin, int64_t step) {
  Tensor y = zeros(shape, x.dtype(), x.device());
  on_cpu("slice", x, [&](Cpu cpu) {
    Tensor place = slice_view(y, axis, {begin, x.shape()[axis]}, step);
    kernels::copy(cpu, x, place);
  });
  const int64_t n = x.shape()[axis], end = n > 0 ? begin + (n - 1) * step + 1 : begin;
  return record("unslice", {x}, y, [=](const Tensor& dy, Needs) -> Grads {
    return {slice(dy, axis, begin, end, step)};
  });
}

Tensor diagonal_view(const Tensor& x, int64_t offset, int axis_a, int axis_b) {
  const int64_t rows = x.shape()[axis_a], columns = x.shape()[axis_b];
  offset = std::clamp(offset, -rows, columns);
  const int64_t length =
      std::min(rows + std::min<int64_t>(offset, 0), columns - std::max<int64_t>(offset, 0));
  const int64_t begin = offset < 0 ? -offset * x.strides()[axis_a] : offset * x.strides()[axis_b];
  Shape shape;
  Strides strides;
  for (int i = 0; i < x.rank(); ++i) {
    if (i == axis_a || i == axis_b) continue;
    shape.push_back(x.shape()[i]);
    strides.push_back(x.strides()[i]);
  }
  shape.push_back(length);
  strides.push_back(x.strides()[axis_a] + x.strides()[axis_b]);
  return x.as_strided(shape, strides, x.offset() + (length > 0 ? begin : 0));
}

/// The way back of a diagonal: zeros of `shape` with x on it.
Tensor undiagonal(const Tensor& x, const Shape& shape, int64_t offset, int axis_a, int axis_b) {
  Tensor y = zeros(shape, x.dtype(), x.device());
  on_cpu("diagonal", x, [&](Cpu cpu) {
    Tensor place = diagonal_view(y, offset, axis_a, axis_b);
    kernels::copy(cpu, x, place);
  });
  return record("undiagonal", {x}, y, [=](const Tensor& dy, Needs) -> Grads {
    return {diagonal(dy, offset, axis_a, axis_b)};
  });
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  const Shape wanted = infer_shape(x, shape);
  const auto strides = strides_for(x, wanted);
  if (!strides) return reshape(copy(x), wanted);
  return record(
      "reshape", {x}, x.as_strided(wanted, *strides, x.offset()),
      [before = x.shape()](const Tensor& dy, Needs) -> Grads { return {reshape(dy, before)}; });
}

Tensor flatten(const Tensor& x, int first, int last) {
  if (x.rank() == 0) return reshape(x, {1});
  first = normalize_axis("flatten", first, x.rank());
  last = normalize_axis("flatten", last, x.rank());
  if (first > last) {
    throw ShapeError("flatten", fmt::format("first axis {} lies behind last axis {}", first, last));
  }
  Shape shape;
  int64_t merged = 1;
  for (int i = 0; i < x.rank(); ++i) {
    if (i < first || i > last) shape.push_back(x.shape()[i]);
    if (i >= first && i <= last) merged *= x.shape()[i];
    if (i == last) shape.push_back(merged);
  }
  return reshape(x, shape);
}

Tensor unflatten(const Tensor& x, int axis, const Shape& sizes) {
  const char* op = "unflatten";
  axis = normalize_axis(op, axis, x.rank());
  if (x.rank() == 0) throw ShapeError(op, "a scalar has no axis to split");
  const auto unknown = std::count(sizes.begin(), sizes.end(), int64_t{-1});
  Shape known_sizes = sizes;
  std::replace(known_sizes.begin(), known_sizes.end(), int64_t{-1}, int64_t{1});
  const int64_t size = x.shape()[axis], known = checked_numel(op, known_sizes);
  const bool fits = unknown == 0 ? known == size : unknown == 1 && known > 0 && size % known == 0;
  if (!fits || sizes.empty()) {
    throw ShapeError(op, fmt::format("axis {} of {} does not split into {}", axis, describe(x),
                                     to_string(sizes)));
  }
  Shape shape = x.shape();
  shape.erase(axis);
  for (int i = 0; i < sizes.size(); ++i) {
    shape.insert(axis + i, sizes[i] == -1 ? size / known : sizes[i]);
  }
  return reshape(x, shape);
}

Tensor permute(const Tensor& x, const Dims& order) {
  Shape shape, strides;
  Dims inverse = Dims::filled(order.rank(), -1);
  bool fits = order.rank() == x.rank();
  for (int i = 0; i < order.rank() && fits; ++i) {
    const int axis = normalize_axis("permute", order[i], x.rank());
    fits = inverse[axis] < 0;
    inverse[axis] = i;
    shape.push_back(x.shape()[axis]);
    strides.push_back(x.strides()[axis]);
  }
  if (!fits) {
    throw ShapeError("permute", fmt::format("{} is not an order of the axes of {}",
                                            to_string(order), describe(x)));
  }
  return record("permute", {x}, x.as_strided(shape, strides, x.offset()),
                [inverse](const Tensor& dy, Needs) -> Grads { return {permute(dy, inverse)}; });
}

Tensor movedim(const Tensor& x, const Dims& from, const Dims& to) {
  const char* op = "movedim";
  Dims order = Dims::filled(x.rank(), -1), taken = Dims::filled(x.rank(), 0);
  bool fits = from.size() == to.size();
  for (int i = 0; fits && i < from.size(); ++i) {
    const int source = normalize_axis(op, from[i], x.rank());
    const int target = normalize_axis(op, to[i], x.rank());
    if (x.rank() == 0) continue;
    fits = order[target] < 0 && !taken[source];
    order[target] = source;
    taken[source] = 1;
  }
  if (!fits) {
    throw ValueError(op, fmt::format("axes {} cannot become axes {} of {}", to_string(from),
                                     to_string(to), describe(x)));
  }
  int next = 0;
  for (int64_t& axis : order) {
    if (axis >= 0) continue;
    while (taken[next]) ++next;
    axis = next++;
  }
  return permute(x, order);
}

Tensor transpose(const Tensor& x, int axis_a, int axis_b) {
  Dims order;
  for (int i = 0; i < x.rank(); ++i) order.push_back(i);
  if (!order.empty()) {
    std::swap(order[normalize_axis("transpose", axis_a, x.rank())],
              order[normalize_axis("transpose", axis_b, x.rank())]);
  }
  return permute(x, order);
}

Tensor slice(const Tensor& x, int axis, int64_t begin, int64_t end, int64_t step) {
  if (x.rank() == 0) throw ShapeError("slice", "a scalar has no axis to slice");
  axis = normalize_axis("slice", axis, x.rank());
  if (step < 1) throw ValueError("slice", fmt::format("step must be at least 1, got {}", step));
  const Range range = clamp_range(begin, end, step, x.shape()[axis]);
  return record("slice", {x}, slice_view(x, axis, range, step),
                [=, shape = x.shape()](const Tensor& dy, Needs) -> Grads {
                  return {unslice(dy, shape, axis, range.begin, step)};
                });
}

Tensor select(const Tensor& x, int axis, int64_t index) {
  axis = normalize_axis("select", axis, x.rank());
  const int64_t size = x.rank() ? x.shape()[axis] : 0;
  if (index < -size || index >= size) {
    throw IndexError("select",
                     fmt::format("index {} is outside of axis {} of {}", index, axis, describe(x)));
  }
  if (index < 0) index += size;
  return squeeze(slice(x, axis, index, index + 1), axis);
}

Tensor Tensor::operator[](int64_t i) const { return select(*this, 0, i); }

Tensor expand(const Tensor& x, const Shape& shape) {
  const int added = shape.rank() - x.rank();
  Shape out = shape;
  Strides strides = Dims::filled(shape.rank(), 0);
  bool fits = added >= 0;
  for (int i = 0; fits && i < x.rank(); ++i) {
    const int64_t size = x.shape()[i];
    int64_t& wanted = out[i + added];
    if (wanted == -1) wanted = size;
    if (wanted == size) strides[i + added] = x.strides()[i];
    fits = wanted == size || size == 1;
  }
  if (!fits || std::any_of(out.begin(), out.end(), [](int64_t d) { return d < 0; })) {
    throw ShapeError("expand",
                     fmt::format("{} does not expand to {}", describe(x), to_string(shape)),
                     "only axes of size 1 and new axes in front can be repeated");
  }
  if (out == x.shape()) return x;
  checked_numel("expand", out);
  return record(
      "expand", {x}, x.as_strided(out, strides, x.offset()),
      [before = x.shape()](const Tensor& dy, Needs) -> Grads { return {sum_to(dy, before)}; });
}

Tensor diagonal(const Tensor& x, int64_t offset, int axis_a, int axis_b) {
  if (x.rank() < 2) {
    throw ShapeError("diagonal", fmt::format("x must have two axes at least, got {}", describe(x)));
  }
  const int a = normalize_axis("diagonal", axis_a, x.rank());
  const int b = normalize_axis("diagonal", axis_b, x.rank());
  if (a == b) throw ValueError("diagonal", fmt::format("both axes are {}", a));
  return record("diagonal", {x}, diagonal_view(x, offset, a, b),
                [=, shape = x.shape()](const Tensor& dy, Needs) -> Grads {
                  return {undiagonal(dy, shape, offset, a, b)};
                });
}

Tensor diag(const Tensor& x, int64_t offset) {
  if (x.rank() == 2) return diagonal(x, offset);
  if (x.rank() != 1) {
    throw ShapeError("diag", fmt::format("takes a vector or a matrix, got {}", describe(x)));
  }
  constexpr int64_t kMost = int64_t{1} << 59;
  const int64_t size = x.numel() + std::abs(std::clamp(offset, -kMost, kMost));
  return undiagonal(x, {size, size}, offset, 0, 1);
}

Tensor squeeze(const Tensor& x, int axis) {
  axis = normalize_axis("squeeze", axis, x.rank());
  if (x.rank() == 0 || x.shape()[axis] != 1) return x;
  Shape shape = x.shape();
  shape.erase(axis);
  return reshape(x, shape);
}

Tensor squeeze(const Tensor& x) {
  Shape shape;
  for (int64_t d : x.shape()) {
    if (d != 1) shape.push_back(d);
  }
  return reshape(x, shape);
}

Tensor unsqueeze(const Tensor& x, int axis) {
  Shape shape = x.shape();
  shape.insert(normalize_axis("unsqueeze", axis, x.rank() + 1), 1);
  return reshape(x, shape);
}

}  // namespace strata
