#include "strata/ops/arrange.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/index_put.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

constexpr double kMostElements = 0x1p59;  // as checked_numel

/// How many ways there are to take `count` of n.
double ways(int64_t n, int64_t count, bool replacement) {
  // As many as without replacement of n + count - 1, which int64_t may not hold.
  const int64_t others = replacement ? n - 1 : n - count;
  if (others < 0) return 0;
  const double all = static_cast<double>(others) + static_cast<double>(count);
  double product = 1;
  for (int64_t i = 0; i < std::min(count, others) && product < kMostElements; ++i) {
    product = std::round(product * (all - static_cast<double>(i)) / static_cast<double>(i + 1));
  }
  return product;
}

/// Writes all ways to take `count` of n, in their order.
void write_ways(int64_t n, int64_t count, bool replacement, int64_t* to, int64_t rows) {
  if (rows == 0) return;  // more than n are asked for, perhaps more than memory holds
  std::vector<int64_t> now(static_cast<size_t>(count));
  if (!replacement) std::iota(now.begin(), now.end(), 0);
  for (int64_t row = 0; row < rows; ++row) {
    to = std::copy(now.begin(), now.end(), to);
    // The last place that can still go up does so, and those behind it start from there.
    int64_t at = count - 1;
    const auto most = [&](int64_t i) { return replacement ? n - 1 : n - count + i; };
    while (at >= 0 && now[static_cast<size_t>(at)] == most(at)) --at;
    if (at < 0) return;
    int64_t value = ++now[static_cast<size_t>(at)];
    while (++at < count) now[static_cast<size_t>(at)] = replacement ? value : ++value;
  }
}

}  // namespace

Tensor rot90(const Tensor& x, int64_t quarters, const Dims& axes) {
  if (axes.size() != 2) {
    throw ValueError("rot90", fmt::format("turns two axes, got {}", to_string(axes)));
  }
  const int a = normalize_axis("rot90", axes[0], x.rank());
  const int b = normalize_axis("rot90", axes[1], x.rank());
  if (a == b) throw ValueError("rot90", fmt::format("both axes are {}", a));
  switch (((quarters % 4) + 4) % 4) {
    case 1: return contiguous(transpose(flip(x, b), a, b));
    case 2: return flip(x, {a, b});
    case 3: return contiguous(transpose(flip(x, a), a, b));
    default: return copy(x);
  }
}

Tensor diag_embed(const Tensor& x, int64_t offset, int axis_a, int axis_b) {
  if (x.rank() == 0) throw ShapeError("diag_embed", "a scalar has no axis to put on a diagonal");
  const int a = normalize_axis("diag_embed", axis_a, x.rank() + 1);
  const int b = normalize_axis("diag_embed", axis_b, x.rank() + 1);
  if (a == b) throw ValueError("diag_embed", fmt::format("both axes are {}", a));
  constexpr int64_t kMost = int64_t{1} << 59;  // beyond it there is no such tensor
  const int64_t n = x.size(-1) + std::abs(std::clamp(offset, -kMost, kMost));
  Shape shape = x.shape();
  shape.erase(x.rank() - 1);
  shape.insert(std::min(a, b), n);
  shape.insert(std::max(a, b), n);
  const Tensor y = zeros(shape, x.dtype(), x.device());
  copy_(diagonal(y, offset, a, b), x.detach());
  return record("diag_embed", {x}, y,
                [=](const Tensor& dy, Needs) -> Grads { return {diagonal(dy, offset, a, b)}; });
}

Tensor block_diag(std::span<const Tensor> xs) {
  if (xs.empty()) throw ValueError("block_diag", "needs at least one tensor");
  std::vector<Tensor> blocks;
  int64_t columns = 0;
  for (const Tensor& x : xs) {
    if (x.rank() > 2) {
      throw ShapeError("block_diag", fmt::format("takes matrices, got {}", describe(x)));
    }
    blocks.push_back(x.rank() == 2 ? x : reshape(x, {1, x.numel()}));
    columns += blocks.back().size(1);
  }
  int64_t before = 0;
  for (Tensor& block : blocks) {
    const int64_t width = block.size(1);
    const auto none = [&](int64_t n) {
      return zeros({block.size(0), n}, block.dtype(), block.device());
    };
    block = concat({none(before), block, none(columns - before - width)}, 1);
    before += width;
  }
  return concat(blocks, 0);
}

Tensor cartesian_prod(std::span<const Tensor> xs) {
  if (xs.empty()) throw ValueError("cartesian_prod", "needs at least one vector");
  for (const Tensor& x : xs) {
    if (x.rank() != 1) {
      throw ShapeError("cartesian_prod", fmt::format("takes vectors, got {}", describe(x)));
    }
  }
  if (xs.size() == 1) return xs[0];
  std::vector<Tensor> columns = meshgrid(xs);
  for (Tensor& column : columns) column = reshape(column, {-1});
  return stack(columns, 1);
}

Tensor combinations(const Tensor& x, int64_t count, bool replacement) {
  const char* op = "combinations";
  if (x.rank() != 1) throw ShapeError(op, fmt::format("takes a vector, got {}", describe(x)));
  if (count < 0) throw ValueError(op, fmt::format("count is negative: {}", count));
  if (count == 0) return empty({0}, x.dtype(), x.device());
  const double rows = ways(x.numel(), count, replacement);
  if (rows * static_cast<double>(count) > kMostElements) {
    throw ShapeError(
        op, fmt::format("there are too many ways to take {} elements of {}", count, describe(x)));
  }
  Tensor index = empty({static_cast<int64_t>(rows), count}, DType::i64, x.device());
  on_cpu(op, x, [&](Cpu) {
    write_ways(x.numel(), count, replacement, index.data<int64_t>(), index.size(0));
  });
  return take(x, index);
}

std::vector<Tensor> unravel_index(const Tensor& index, const Shape& shape) {
  const char* op = "unravel_index";
  if (!is_integral(index.dtype())) {
    throw DTypeError(op, fmt::format("an index holds integers, got {}", describe(index)),
                     "cast(index, DType::i64)");
  }
  const int64_t count = checked_numel(op, shape);
  const Strides strides = contiguous_strides(shape);
  std::vector<Tensor> places;
  for (int i = 0; i < shape.rank(); ++i) {
    places.push_back(empty(index.shape(), DType::i64, index.device()));
  }
  on_cpu(op, index, [&](Cpu) {
    const std::vector<int64_t> numbers = index.to_vector<int64_t>();
    for (size_t j = 0; j < numbers.size(); ++j) {
      if (numbers[j] >= 0 && numbers[j] < count) continue;
      throw IndexError(op, fmt::format("{} at place {} is outside of [0, {}), the places of {}",
                                       numbers[j], j, count, to_string(shape)));
    }
    for (int i = 0; i < shape.rank(); ++i) {
      std::transform(numbers.begin(), numbers.end(), places[static_cast<size_t>(i)].data<int64_t>(),
                     [&](int64_t n) { return n / strides[i] % shape[i]; });
    }
  });
  return places;
}

}  // namespace strata
