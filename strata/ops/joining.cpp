#include "strata/ops/joining.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "strata/base/error.h"
#include "strata/kernels/copy.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

Tensor piece(const Tensor& x, int axis, int64_t begin, int64_t length) {
  Shape shape = x.shape();
  shape[axis] = length;
  return x.as_strided(shape, x.strides(), x.offset() + begin * x.strides()[axis]);
}

/// Shape and dtype of the joined tensor.
std::pair<Shape, DType> joined(std::span<const Tensor> xs, int axis) {
  Shape shape = xs[0].shape();
  DType dtype = xs[0].dtype();
  for (size_t i = 1; i < xs.size(); ++i) {
    internal::check_same_device("concat", xs[0], xs[i]);
    Shape other = xs[i].shape();
    bool fits = other.rank() == shape.rank();
    if (fits) {
      const int64_t length = other[axis];
      other[axis] = shape[axis];
      fits = other == shape;
      shape[axis] += length;
    }
    if (!fits) {
      throw ShapeError("concat",
                       fmt::format("tensor {} is {}, which does not join {} along axis {}", i,
                                   describe(xs[i]), describe(xs[0]), axis),
                       "all sizes but that of the axis must be equal");
    }
    dtype = promote(dtype, xs[i].dtype());
  }
  return {shape, dtype};
}

/// Whether the parts lie in memory as pieces of one contiguous tensor of that shape: so do the
/// gradients of a packed projection's queries, keys and values.
bool lie_joined(std::span<const Tensor> parts, const Shape& shape, int axis) {
  const Strides whole = contiguous_strides(shape);
  int64_t at = parts[0].offset();
  for (const Tensor& part : parts) {
    if (!part.shares_storage(parts[0]) || part.offset() != at) return false;
    for (int i = 0; i < shape.rank(); ++i) {
      if (part.shape()[i] != 1 && part.strides()[i] != whole[i]) return false;
    }
    at += part.shape()[axis] * whole[axis];
  }
  return true;
}

std::vector<Tensor> split_at(const Tensor& x, std::vector<int64_t> sizes, int axis) {
  std::vector<Tensor> ys;
  int64_t begin = 0;
  for (int64_t length : sizes) {
    ys.push_back(piece(x, axis, begin, length));
    begin += length;
  }
  return record(
      "split", {x}, std::move(ys),
      [=, shape = x.shape(), sizes = std::move(sizes), dtype = x.dtype(), device = x.device()](
          const std::vector<Tensor>& dys, Needs) -> Grads {
        std::vector<Tensor> parts = dys;
        for (size_t i = 0; i < parts.size(); ++i) {
          if (parts[i].defined()) continue;
          Shape missing = shape;
          missing[axis] = sizes[i];
          parts[i] = zeros(missing, dtype, device);
        }
        if (!grad_enabled() && lie_joined(parts, shape, axis)) {
          return {parts[0].as_strided(shape, contiguous_strides(shape), parts[0].offset())};
        }
        return {concat(parts, axis)};
      });
}

/// Throws ValueError for so many pieces that no list should hold them.
void check_pieces(const char* op, const Tensor& x, int axis, int64_t count) {
  constexpr int64_t kMost = 1 << 24;
  if (count <= kMost) return;
  throw ValueError(op, fmt::format("axis {} of {} would make {} pieces, more than {}", axis,
                                   describe(x), count, kMost));
}

/// xs with at least `rank` axes: a vector becomes [1, n], a matrix [r, c, 1].
std::vector<Tensor> of_rank(std::span<const Tensor> xs, int rank) {
  std::vector<Tensor> out;
  for (Tensor x : xs) {
    if (x.rank() == 0) x = reshape(x, {1});
    if (x.rank() == 1 && rank > 1) x = unsqueeze(x, 0);
    if (x.rank() == 2 && rank > 2) x = unsqueeze(x, 2);
    out.push_back(std::move(x));
  }
  return out;
}

}  // namespace

Tensor concat(std::span<const Tensor> xs, int axis) {
  if (xs.empty()) throw ValueError("concat", "needs at least one tensor");
  if (xs[0].rank() == 0) throw ShapeError("concat", "scalars have no axis to join", "stack() them");
  axis = normalize_axis("concat", axis, xs[0].rank());
  const auto [shape, dtype] = joined(xs, axis);
  Tensor y = empty(shape, dtype, xs[0].device());
  std::vector<int64_t> sizes;
  std::vector<DType> dtypes;
  int64_t begin = 0;
  for (const Tensor& x : xs) {
    Tensor place = piece(y, axis, begin, x.shape()[axis]);
    on_cpu("concat", x, [&](Cpu cpu) { kernels::copy(cpu, x, place); });
    sizes.push_back(x.shape()[axis]);
    dtypes.push_back(x.dtype());
    begin += sizes.back();
  }
  return record("concat", xs, y, [=](const Tensor& dy, Needs needs) -> Grads {
    Grads dxs(sizes.size());
    int64_t at = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (needs[static_cast<int>(i)]) dxs[i] = cast(slice(dy, axis, at, at + sizes[i]), dtypes[i]);
      at += sizes[i];
    }
    return dxs;
  });
}

Tensor stack(std::span<const Tensor> xs, int axis) {
  if (xs.empty()) throw ValueError("stack", "needs at least one tensor");
  const int at = normalize_axis("stack", axis, xs[0].rank() + 1);
  std::vector<Tensor> parts;
  for (const Tensor& x : xs) {
    if (x.shape() != xs[0].shape()) {
      throw ShapeError("stack",
                       fmt::format("shapes differ: {} and {}", describe(xs[0]), describe(x)));
    }
    parts.push_back(unsqueeze(x, at));
  }
  return concat(parts, at);
}

Tensor hstack(std::span<const Tensor> xs) {
  const std::vector<Tensor> parts = of_rank(xs, 1);
  return concat(parts, !parts.empty() && parts[0].rank() > 1 ? 1 : 0);
}
Tensor vstack(std::span<const Tensor> xs) { return concat(of_rank(xs, 2), 0); }
Tensor dstack(std::span<const Tensor> xs) { return concat(of_rank(xs, 3), 2); }

std::vector<Tensor> unbind(const Tensor& x, int axis) {
  if (x.rank() == 0) throw ShapeError("unbind", "a scalar has no axis to take apart");
  axis = normalize_axis("unbind", axis, x.rank());
  const int64_t count = x.shape()[axis];
  check_pieces("unbind", x, axis, count);
  std::vector<Tensor> slices =
      split_at(x, std::vector<int64_t>(static_cast<size_t>(count), 1), axis);
  for (Tensor& s : slices) s = squeeze(s, axis);
  return slices;
}

std::vector<Tensor> split(const Tensor& x, std::span<const int64_t> sizes, int axis) {
  if (x.rank() == 0) throw ShapeError("split", "a scalar has no axis to split");
  axis = normalize_axis("split", axis, x.rank());
  int64_t left = x.shape()[axis];
  const bool fit = std::all_of(sizes.begin(), sizes.end(), [&](int64_t size) {
    const bool fits = size >= 0 && size <= left;
    left -= fits ? size : 0;
    return fits;
  });
  if (!fit || left != 0) {
    throw ShapeError("split", fmt::format("sizes [{}] do not add up to axis {} of {}",
                                          fmt::join(sizes, ", "), axis, describe(x)));
  }
  return split_at(x, {sizes.begin(), sizes.end()}, axis);
}

std::vector<Tensor> split(const Tensor& x, int64_t size, int axis) {
  if (x.rank() == 0) throw ShapeError("split", "a scalar has no axis to split");
  if (size < 1) throw ValueError("split", fmt::format("size must be at least 1, got {}", size));
  axis = normalize_axis("split", axis, x.rank());
  const int64_t total = x.shape()[axis];
  check_pieces("split", x, axis, (total - 1) / size + 1);
  std::vector<int64_t> sizes;
  for (int64_t at = 0; at < total || sizes.empty(); at += size) {
    sizes.push_back(std::min(size, total - at));
  }
  return split_at(x, std::move(sizes), axis);
}

std::vector<Tensor> chunk(const Tensor& x, int64_t count, int axis) {
  if (count < 1) throw ValueError("chunk", fmt::format("count must be at least 1, got {}", count));
  if (x.rank() == 0) throw ShapeError("chunk", "a scalar has no axis to split");
  axis = normalize_axis("chunk", axis, x.rank());
  const int64_t total = x.shape()[axis];
  if (total > 0) return split(x, (total - 1) / count + 1, axis);
  check_pieces("chunk", x, axis, count);
  return split_at(x, std::vector<int64_t>(static_cast<size_t>(count), 0), axis);
}

std::vector<Tensor> tensor_split(const Tensor& x, int64_t count, int axis) {
  const char* op = "tensor_split";
  if (x.rank() == 0) throw ShapeError(op, "a scalar has no axis to split");
  if (count < 1) throw ValueError(op, fmt::format("count must be at least 1, got {}", count));
  axis = normalize_axis(op, axis, x.rank());
  check_pieces(op, x, axis, count);
  const int64_t total = x.shape()[axis];
  std::vector<int64_t> sizes(static_cast<size_t>(count), total / count);
  for (int64_t i = 0; i < total % count; ++i) ++sizes[static_cast<size_t>(i)];
  return split_at(x, std::move(sizes), axis);
}

std::vector<Tensor> tensor_split(const Tensor& x, std::span<const int64_t> bounds, int axis) {
  if (x.rank() == 0) throw ShapeError("tensor_split", "a scalar has no axis to split");
  axis = normalize_axis("tensor_split", axis, x.rank());
  std::vector<Tensor> parts;
  int64_t begin = 0;
  for (const int64_t bound : bounds) {
    parts.push_back(slice(x, axis, begin, bound));
    begin = bound;
  }
  parts.push_back(slice(x, axis, begin));
  return parts;
}

}  // namespace strata
