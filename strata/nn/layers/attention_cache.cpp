#include "strata/nn/layers/attention_cache.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/indexing.h"
#include "strata/ops/views.h"

namespace strata::nn {
namespace {

constexpr const char* kName = "AttentionCache";

/// `x` is to stand behind the first `length` positions of `kept`.
void check_continues(const char* what, const Tensor& kept, int64_t length, const Tensor& x) {
  if (x.rank() != 3) {
    throw ShapeError(kName, fmt::format("{} are [N, T, width], got {}", what, describe(x)));
  }
  if (length == 0) return;
  internal::check_same_device(kName, kept, x);
  const auto text = [&] {
    return fmt::format("{} {} do not continue those kept, {}", what, describe(x),
                       describe(slice(kept, 1, 0, length)));
  };
  if (x.size(0) != kept.size(0) || x.size(2) != kept.size(2)) throw ShapeError(kName, text());
  if (x.dtype() != kept.dtype()) throw DTypeError(kName, text());
}

/// Memory for `end` positions at least, of which the first `length` are those of `kept`.
Tensor grown(const Tensor& kept, int64_t length, int64_t end, const Tensor& like) {
  if (length > 0 && kept.size(1) >= end) return kept;
  const Shape shape = {like.size(0), std::max(end, 2 * length), like.size(2)};
  Tensor larger = empty(shape, like.dtype(), like.device(), kName);
  if (length > 0) copy_(slice(larger, 1, 0, length), slice(kept, 1, 0, length));
  return larger;
}

void check_length(const char* name, int64_t length) {
  if (length < 0) throw ValueError(name, fmt::format("cannot keep {} positions", length));
}

}  // namespace

std::pair<Tensor, Tensor> AttentionCache::all() const {
  if (!keys_.defined()) return {};
  return {slice(keys_, 1, 0, length_), slice(values_, 1, 0, length_)};
}

void AttentionCache::append(const Tensor& keys, const Tensor& values) {
  if (keys.requires_grad() || values.requires_grad()) {
    throw GradError(kName, "keeps no history of gradients", "use NoGrad");
  }
  check_continues("keys", keys_, length_, keys);
  check_continues("values", values_, length_, values);
  if (keys.size(0) != values.size(0) || keys.size(1) != values.size(1)) {
    throw ShapeError(kName, fmt::format("keys {} and values {} are not of the same positions",
                                        describe(keys), describe(values)));
  }
  const int64_t end = length_ + keys.size(1);
  keys_ = grown(keys_, length_, end, keys);
  values_ = grown(values_, length_, end, values);
  copy_(slice(keys_, 1, length_, end), keys);
  copy_(slice(values_, 1, length_, end), values);
  length_ = end;
}

void AttentionCache::truncate(int64_t length) {
  check_length(kName, length);
  length_ = std::min(length_, length);
}

void AttentionCache::reorder(const Tensor& rows) {
  if (length_ == 0) return;
  const auto [keys, values] = all();
  Tensor ordered = index_select(keys, 0, rows);
  values_ = index_select(values, 0, rows);
  keys_ = ordered;
}

void TransformerCache::truncate(int64_t length) {
  check_length("TransformerCache", length);
  length_ = std::min(length_, length);
}

void TransformerCache::reorder(const Tensor& rows) {
  if (length_ == 0) return;  // a memory that is left is of no step
  for (TransformerLayerCache& layer : layers_) {
    layer.self.truncate(length_);
    layer.self.reorder(rows);
    layer.memory.reorder(rows);
  }
}

std::span<TransformerLayerCache> TransformerCache::begin_step(const char* name, int64_t layers) {
  if (length_ == 0) layers_ = std::vector<TransformerLayerCache>(static_cast<size_t>(layers));
  if (static_cast<int64_t>(layers_.size()) != layers) {
    throw ValueError(
        name, fmt::format("the cache holds {} layers, the stack has {}", layers_.size(), layers));
  }
  for (TransformerLayerCache& layer : layers_) layer.self.truncate(length_);
  return layers_;
}

}  // namespace strata::nn
