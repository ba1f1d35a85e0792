#include "strata/nn/layers/attention_cache.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/views.h"

namespace strata::nn {
namespace {

constexpr const char* kName = "AttentionCache";

/// `x` is to stand behind the first `length` positions of `kept`.
void check_continues(const char* what, const Tensor& kept, int64_t length, const Tensor& x) {
  if (x.rank() != 4) {
    throw ShapeError(kName, fmt::format("{} are [N, heads, T, D], got {}", what, describe(x)));
  }
  if (length == 0) return;
  internal::check_same_device(kName, kept, x);
  const auto text = [&] {
    return fmt::format("{} {} do not continue those kept, {}", what, describe(x),
                       describe(slice(kept, 2, 0, length)));
  };
  for (const int axis : {0, 1, 3}) {
    if (x.size(axis) != kept.size(axis)) throw ShapeError(kName, text());
  }
  if (x.dtype() != kept.dtype()) throw DTypeError(kName, text());
}

/// x behind the first `length` positions of `kept`, in the memory of that or in more, of `capacity`
/// at least.
Tensor continued(const Tensor& kept, int64_t length, const Tensor& x, int64_t capacity) {
  const int64_t end = length + x.size(2);
  Tensor all = kept;
  if (length == 0 || kept.size(2) < end) {
    const Shape shape = {x.size(0), x.size(1), std::max({end, 2 * length, capacity}), x.size(3)};
    all = empty(shape, x.dtype(), x.device(), kName);
    if (length > 0) copy_(slice(all, 2, 0, length), slice(kept, 2, 0, length));
  }
  copy_(slice(all, 2, length, end), x);
  return all;
}

/// Rows of `kept` by their numbers, each its first `length` positions, in memory for as many as
/// before.
Tensor rows_of(const Tensor& kept, int64_t length, const Tensor& numbers) {
  Shape shape = kept.shape();
  shape[0] = numbers.numel();
  Tensor rows = empty(shape, kept.dtype(), kept.device(), kName);
  if (rows.is_meta()) return rows;
  for (int64_t i = 0; const int64_t number : numbers.to_vector<int64_t>()) {
    copy_(slice(select(rows, 0, i++), 1, 0, length), slice(select(kept, 0, number), 1, 0, length));
  }
  return rows;
}

int64_t checked_capacity(const char* name, int64_t capacity) {
  if (capacity >= 0) return capacity;
  throw ValueError(name, fmt::format("capacity must be at least 0, got {}", capacity));
}

void check_length(const char* name, int64_t length) {
  if (length < 0) throw ValueError(name, fmt::format("cannot keep {} positions", length));
}

}  // namespace

AttentionCache::AttentionCache(int64_t capacity) : capacity_(checked_capacity(kName, capacity)) {}

std::pair<Tensor, Tensor> AttentionCache::all() const {
  if (!keys_.defined()) return {};
  return {slice(keys_, 2, 0, length_), slice(values_, 2, 0, length_)};
}

void AttentionCache::append(const Tensor& keys, const Tensor& values) {
  if (keys.requires_grad() || values.requires_grad()) {
    throw GradError(kName, "keeps no history of gradients", "use NoGrad");
  }
  check_continues("keys", keys_, length_, keys);
  check_continues("values", values_, length_, values);
  for (const int axis : {0, 1, 2}) {
    if (keys.size(axis) == values.size(axis)) continue;
    throw ShapeError(kName, fmt::format("keys {} and values {} are not of the same positions",
                                        describe(keys), describe(values)));
  }
  const Tensor all_keys = continued(keys_, length_, keys, capacity_);
  values_ = continued(values_, length_, values, capacity_);
  keys_ = all_keys;
  length_ += keys.size(2);
}

void AttentionCache::truncate(int64_t length) {
  check_length(kName, length);
  length_ = std::min(length_, length);
}

AttentionCache AttentionCache::reordered(const Tensor& rows) const {
  AttentionCache other(capacity_);
  if (length_ == 0) return other;
  const auto count = static_cast<double>(keys_.size(0));
  const Tensor before = arange(0, count, 1, DType::i64, keys_.device());
  const Tensor numbers = index_select(before, 0, rows);  // which checks them
  other.keys_ = rows_of(keys_, length_, numbers);
  other.values_ = rows_of(values_, length_, numbers);
  other.length_ = length_;
  return other;
}

TransformerCache::TransformerCache(int64_t capacity)
    : capacity_(checked_capacity("TransformerCache", capacity)) {}

void TransformerCache::truncate(int64_t length) {
  check_length("TransformerCache", length);
  length_ = std::min(length_, length);
}

void TransformerCache::reorder(const Tensor& rows) {
  if (length_ == 0) return;  // a memory that is left is of no step
  std::vector<TransformerLayerCache> ordered;
  ordered.reserve(layers_.size());
  for (TransformerLayerCache& layer : layers_) {
    layer.self.truncate(length_);
    ordered.push_back({.self = layer.self.reordered(rows), .memory = layer.memory.reordered(rows)});
  }
  layers_ = std::move(ordered);
}

std::span<TransformerLayerCache> TransformerCache::begin_step(const char* name, int64_t layers) {
  if (length_ == 0) {
    layers_ = std::vector<TransformerLayerCache>(static_cast<size_t>(layers));
    for (TransformerLayerCache& layer : layers_) layer.self = AttentionCache(capacity_);
  }
  if (static_cast<int64_t>(layers_.size()) != layers) {
    throw ValueError(
        name, fmt::format("the cache holds {} layers, the stack has {}", layers_.size(), layers));
  }
  for (TransformerLayerCache& layer : layers_) layer.self.truncate(length_);
  return layers_;
}

}  // namespace strata::nn
