#include "strata/ops/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/bitwise.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/masks.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/scans.h"
#include "strata/ops/select.h"
#include "strata/ops/sort.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

void check_not_meta(const char* op, const Tensor& x) {
  if (x.is_meta()) throw DeviceError(op, "the result depends on values that meta tensors lack");
}

/// x as contiguous i64, and the number of counters that it asks for.
std::pair<Tensor, int64_t> checked_numbers(const Tensor& x, int64_t least) {
  const char* op = "bincount";
  if (x.rank() != 1) {
    throw ShapeError(op, fmt::format("x must be a vector, got {}", describe(x)), "flatten(x)?");
  }
  if (!is_integral(x.dtype())) {
    throw DTypeError(op, fmt::format("x must hold integers, got {}", describe(x)));
  }
  if (least < 0) throw ValueError(op, fmt::format("`least` must not be negative, got {}", least));
  check_not_meta(op, x);
  const Tensor numbers = contiguous(cast(x, DType::i64));
  int64_t low = 0, high = least - 1;
  const auto* from = std::as_const(numbers).data<int64_t>();
  for (int64_t i = 0; i < x.numel(); ++i) {
    low = std::min(low, from[i]);
    high = std::max(high, from[i]);
  }
  if (low < 0) {
    throw ValueError(op, fmt::format("{} holds the negative number {}", describe(x), low));
  }
  constexpr int64_t kMost = int64_t{1} << 59;  // elements of a tensor
  if (high >= kMost) {
    throw ValueError(op,
                     fmt::format("numbers up to {} ask for more counters than a tensor has", high));
  }
  return {numbers, high + 1};
}

/// The element at `at`, of size 1 along `axis`.
Extremes chosen(const Tensor& x, int axis, const Tensor& at, bool keep) {
  const Tensor values = gather(x, axis, at);
  if (keep) return {values, at};
  return {squeeze(values, axis), squeeze(at, axis)};
}

}  // namespace

Tensor bincount(const Tensor& x, int64_t least) {
  const auto [numbers, n] = checked_numbers(x, least);
  Tensor y = zeros({n}, DType::i64, x.device());
  on_cpu("bincount", y, [&, from = numbers](Cpu) {
    auto* counts = y.data<int64_t>();
    for (const int64_t number : std::span(from.data<int64_t>(), static_cast<size_t>(x.numel()))) {
      ++counts[number];
    }
  });
  return y;
}

Tensor bincount(const Tensor& x, const Tensor& weights, int64_t least) {
  const auto [numbers, n] = checked_numbers(x, least);
  if (weights.shape() != x.shape()) {
    throw ShapeError("bincount", fmt::format("weights {} do not have the shape of x {}",
                                             describe(weights), describe(x)));
  }
  const DType dtype = weights.dtype() == DType::f32 ? DType::f32 : DType::f64;
  return scatter_add(zeros({n}, dtype, x.device()), 0, numbers, cast(weights, dtype));
}

Tensor histc(const Tensor& x, int64_t bins, double low, double high) {
  const char* op = "histc";
  internal::check_floating(op, x);
  check_not_meta(op, x);
  if (size_of(x.dtype()) < 4) return cast(histc(cast(x, DType::f32), bins, low, high), x.dtype());
  if (bins < 1) throw ValueError(op, fmt::format("bins must be at least 1, got {}", bins));
  const NoGrad no_grad;
  if (low == high && x.numel() > 0) {
    low = min(x).item<double>();
    high = max(x).item<double>();
  }
  if (low == high) {
    --low;
    ++high;
  }
  const double range = high - low;
  if (!(std::isfinite(low) && std::isfinite(high) && std::isfinite(range) && low < high)) {
    throw ValueError(op, fmt::format("[{}, {}] is no finite range", low, high));
  }
  const Tensor inside = masked_select(x, logical_and(x >= low, x <= high));
  // In PyTorch's order, which places the values on the bins' edges, unless a product overflows.
  const double most = x.dtype() == DType::f64 ? std::numeric_limits<double>::max()
                                              : std::numeric_limits<float>::max();
  const Tensor place = range * static_cast<double>(bins) > most
                           ? (cast(inside, DType::f64) - low) / range * bins
                           : (inside - low) * bins / range;
  const Tensor bin = cast(floor(place), DType::i64);
  return cast(bincount(minimum(bin, bins - 1), bins), x.dtype());
}

Extremes kthvalue(const Tensor& x, int64_t k, int axis, bool keep) {
  axis = normalize_axis("kthvalue", axis, x.rank());
  const int64_t size = x.rank() == 0 ? 1 : x.size(axis);
  if (k < 1 || k > size) {
    throw ValueError("kthvalue", fmt::format("k is {}, but axis {} of {} has {} elements", k, axis,
                                             describe(x), size));
  }
  if (x.rank() == 0) return {copy(x), zeros({}, DType::i64, x.device())};
  // Many are found faster in the order of all.
  const Tensor order =
      8 * k > size ? argsort(x.detach(), axis) : topk(x.detach(), k, axis, false).indices;
  return chosen(x, axis, slice(order, axis, k - 1, k), keep);
}

Extremes nanmedian(const Tensor& x, int axis, bool keep) {
  axis = normalize_axis("nanmedian", axis, x.rank());
  if (x.rank() == 0) return {copy(x), zeros({}, DType::i64, x.device())};
  internal::check_not_empty("nanmedian", x, internal::reduced_shape("nanmedian", x, {axis}));
  const Tensor values = x.detach(), order = argsort(values, axis);  // NaN stands last
  const Tensor count = sum(logical_not(isnan(values)), {axis}, true);
  return chosen(x, axis, gather(order, axis, maximum(count - 1, 0) >> 1), keep);
}

Tensor nanmedian(const Tensor& x) {
  const Tensor y = nanmedian(reshape(x.detach(), {-1}), 0).values;
  return internal::record_shared("nanmedian", x, y);
}

MinMax aminmax(const Tensor& x, int axis, bool keep) {
  return {amin(x, {axis}, keep), amax(x, {axis}, keep)};
}
MinMax aminmax(const Tensor& x) { return {amin(x), amax(x)}; }

Extremes mode(const Tensor& x, int axis, bool keep) {
  axis = normalize_axis("mode", axis, x.rank());
  if (x.rank() == 0) return {copy(x), zeros({}, DType::i64, x.device())};
  internal::check_not_empty("mode", x, internal::reduced_shape("mode", x, {axis}));
  const Sorted sorted = sort(x.detach(), axis);
  // Each is counted together with its equals before it, so that the last of a run has its length.
  const Tensor first = slice(sorted.values, axis, 0, 1);
  const Tensor before = slice(sorted.values, axis, 0, x.size(axis) - 1);
  const Tensor same = sorted.values == concat({first, before}, axis);
  const Tensor length =
      linear_recurrence(cast(same, DType::i64), ones(x.shape(), DType::i64, x.device()), axis);
  return chosen(x, axis, gather(sorted.indices, axis, argmax(length, axis, true)), keep);
}

Tensor cov(const Tensor& x, double correction) {
  const char* op = "cov";
  internal::check_floating(op, x);
  if (x.rank() > 2) {
    throw ShapeError(op, fmt::format("x must be [variables, observations], got {}", describe(x)));
  }
  if (x.rank() < 2) return reshape(cov(reshape(x, {1, -1}), correction), {});
  if (size_of(x.dtype()) < 4) return cast(cov(cast(x, DType::f32), correction), x.dtype());
  const Tensor centred = x - mean(x, {1}, true);
  const double divisor = std::max(0.0, static_cast<double>(x.size(1)) - correction);
  return matmul(centred, transpose(centred, 0, 1)) / divisor;
}

Tensor corrcoef(const Tensor& x) {
  const Tensor c = cov(x);
  if (c.rank() == 0) return c / c;
  const Tensor deviation = sqrt(diagonal(c));
  return clamp(c / unsqueeze(deviation, 1) / deviation, -1, 1);
}

}  // namespace strata
