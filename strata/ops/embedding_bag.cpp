#include "strata/ops/embedding_bag.h"

#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

constexpr const char* kOp = "embedding_bag";

void check_shapes(const Tensor& weight, const Tensor& index, const Tensor& offsets,
                  const EmbeddingBagOptions& o) {
  internal::check_floating(kOp, weight);
  if (index.rank() != 1 && index.rank() != 2) {
    throw ShapeError(kOp, fmt::format("an index is [n] or [bags, n], got {}", describe(index)));
  }
  if (offsets.defined() != (index.rank() == 1)) {
    throw ShapeError(kOp,
                     fmt::format("offsets are {} for index {}", describe(offsets), describe(index)),
                     "an index [n] needs them, in [bags, n] each row is a bag");
  }
  if (offsets.defined() && offsets.rank() != 1) {
    throw ShapeError(kOp, fmt::format("offsets are [bags], got {}", describe(offsets)));
  }
  if (offsets.defined() && !is_integral(offsets.dtype())) {
    throw DTypeError(kOp, fmt::format("offsets are integers, got {}", describe(offsets)));
  }
  if (offsets.defined()) internal::check_same_device(kOp, index, offsets);
  if (offsets.defined() && o.include_last_offset && offsets.numel() == 0) {
    throw ShapeError(
        kOp, "with include_last_offset there is at least one offset, got " + describe(offsets));
  }
  const Tensor& factors = o.per_sample_weights;
  if (!factors.defined()) return;
  if (o.mode != BagMode::sum) {
    throw ValueError(kOp, "per_sample_weights go with the mode sum alone");
  }
  if (factors.shape() != index.shape()) {
    throw ShapeError(kOp, fmt::format("per_sample_weights {} do not fit index {}",
                                      describe(factors), describe(index)));
  }
  if (factors.dtype() != weight.dtype()) {
    throw DTypeError(
        kOp,
        fmt::format("per_sample_weights are {}, weight is {}", describe(factors), describe(weight)),
        "cast one of them");
  }
}

/// Where each bag begins, and the end.
std::vector<int64_t> bounds_of(const Tensor& index, const Tensor& offsets, bool include_last) {
  const int64_t n = index.numel();
  std::vector<int64_t> bounds;
  if (!offsets.defined()) {
    for (int64_t bag = 0; bag <= index.size(0); ++bag) bounds.push_back(bag * index.size(1));
    return bounds;
  }
  bounds = offsets.to_vector<int64_t>();
  if (!include_last) bounds.push_back(n);
  if (bounds.size() == 1 && !include_last) return bounds;  // no bags
  for (size_t i = 0; i < bounds.size(); ++i) {
    const int64_t least = i == 0 ? 0 : bounds[i - 1], most = i == 0 ? 0 : n;
    const bool ends = i + 1 < bounds.size() || bounds[i] == n;
    if (bounds[i] >= least && bounds[i] <= most && ends) continue;
    throw ValueError(kOp, fmt::format("offsets must rise from 0 to {}{}, number {} is {}", n,
                                      include_last ? ", which is the last" : "", i, bounds[i]));
  }
  return bounds;
}

/// The number of each index's bag; absent ones have the number behind the last.
struct Bags {
  int64_t count = 0;
  Tensor numbers;  ///< i64 [n]
  Tensor sizes;    ///< i64 [count]: indices that are not absent
};

Bags bags_of(const Tensor& weight, const Tensor& index, const Tensor& offsets,
             const EmbeddingBagOptions& o) {
  const int64_t n = index.numel();
  Bags bags;
  bags.count =
      offsets.defined() ? offsets.numel() - (o.include_last_offset ? 1 : 0) : index.size(0);
  if (index.is_meta()) {
    bags.numbers = empty({n}, DType::i64, kMeta, kOp);
    bags.sizes = empty({bags.count}, DType::i64, kMeta, kOp);
    return bags;
  }
  const std::vector<int64_t> bounds = bounds_of(index, offsets, o.include_last_offset);
  std::vector<int64_t> padded;
  int64_t padding = -1;
  if (o.padding_idx) {
    padding = *o.padding_idx < 0 ? *o.padding_idx + weight.size(0) : *o.padding_idx;
    padded = index.to_vector<int64_t>();
  }
  std::vector<int64_t> numbers(static_cast<size_t>(n), bags.count);
  std::vector<int64_t> sizes(static_cast<size_t>(bags.count), 0);
  for (int64_t bag = 0; bag < bags.count; ++bag) {
    const auto at = static_cast<size_t>(bag);
    for (auto i = static_cast<size_t>(bounds[at]); i < static_cast<size_t>(bounds[at + 1]); ++i) {
      if (!padded.empty() && padded[i] == padding) continue;
      numbers[i] = bag;
      ++sizes[at];
    }
  }
  bags.numbers = tensor(numbers, {n});
  bags.sizes = tensor(sizes, {bags.count});
  return bags;
}

/// The first row of each bag that holds its largest value, [bags, width]; `none` where it is empty.
Tensor largest_rows(const Tensor& rows, const Bags& bags, const Tensor& numbers, int64_t none) {
  const NoGrad no_grad;
  const Shape shape = {bags.count + 1, rows.size(1)};
  const Tensor best = scatter_reduce(zeros(shape, rows.dtype(), rows.device()), 0, numbers,
                                     rows.detach(), ScatterReduce::amax, false);
  const Tensor is_best = logical_or(rows.detach() == gather(best, 0, numbers), isnan(rows));
  const Tensor place =
      unsqueeze(arange(0, static_cast<double>(rows.size(0)), 1, DType::i64, rows.device()), 1);
  const Tensor first = full(shape, static_cast<double>(none), DType::i64, rows.device());
  return slice(scatter_reduce(first, 0, numbers, where(is_best, place, none), ScatterReduce::amin),
               0, 0, bags.count);
}

}  // namespace

Tensor embedding_bag(const Tensor& weight, const Tensor& index, const Tensor& offsets,
                     const EmbeddingBagOptions& o) {
  check_shapes(weight, index, offsets, o);
  const int64_t n = index.numel();
  const Tensor all = embedding(weight, index, o.padding_idx);
  const int64_t width = weight.size(1);
  Tensor rows = reshape(all, {n, width});
  const Bags bags = bags_of(weight, index, offsets, o);
  if (o.mode == BagMode::max) {
    const Tensor numbers = expand(unsqueeze(bags.numbers, 1), rows.shape());
    const Tensor chosen = largest_rows(rows, bags, numbers, n);
    const Tensor absent = zeros({1, width}, rows.dtype(), rows.device());
    const Tensor parts[] = {rows, absent};
    return gather(concat(parts), 0, chosen);
  }
  const DType computed = weight.dtype() == DType::f64 ? DType::f64 : DType::f32;
  rows = cast(rows, computed);
  if (o.per_sample_weights.defined()) {
    rows = rows * cast(reshape(o.per_sample_weights, {n, 1}), computed);
  }
  const Tensor start = zeros({bags.count + 1, width}, computed, weight.device());
  Tensor y = slice(index_add(start, 0, bags.numbers, rows), 0, 0, bags.count);
  if (o.mode == BagMode::mean) {
    y = y / cast(unsqueeze(maximum(bags.sizes, 1), 1), computed);
  }
  return cast(y, weight.dtype());
}

}  // namespace strata
