#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata::nn {

/// The projected keys [N, heads, T, D] and values [N, heads, T, Dv] that an attention has seen, so
/// that each new token costs one pass over itself alone. It keeps no history of gradients. A pass
/// that throws may leave positions of its own in it: truncate() them, as TransformerCache does.
class AttentionCache {
 public:
  AttentionCache() = default;
  /// Memory for `capacity` positions is taken with the first of them; it grows by doubling. Throws
  /// ValueError below 0.
  explicit AttentionCache(int64_t capacity);
  AttentionCache(AttentionCache&&) = default;
  AttentionCache& operator=(AttentionCache&&) = default;
  // Two that share memory would overwrite each other's.
  AttentionCache(const AttentionCache&) = delete;
  AttentionCache& operator=(const AttentionCache&) = delete;

  /// Positions kept.
  int64_t length() const { return length_; }
  /// Views of all that is kept, [N, heads, length(), D]; undefined where nothing ever was.
  std::pair<Tensor, Tensor> all() const;
  /// Keeps keys and values of T more positions. Throws ShapeError, DTypeError and DeviceError where
  /// they do not continue those kept, GradError where they have a gradient.
  void append(const Tensor& keys, const Tensor& values);
  /// Forgets all positions from `length` on; there may be none. Throws ValueError below 0.
  void truncate(int64_t length);
  /// Row i becomes what row rows[i] was, for searches whose sequences part; there may be more rows
  /// than before. Throws as index_select, and changes nothing then.
  void reorder(const Tensor& rows) { *this = reordered(rows); }
  /// The same as a cache of its own.
  AttentionCache reordered(const Tensor& rows) const;

 private:
  Tensor keys_, values_;  // [N, heads, their capacity, D]: attention reads heads faster so
  int64_t length_ = 0;
  int64_t capacity_ = 0;  // asked for
};

struct TransformerLayerCache {
  AttentionCache self;    ///< of the self-attention
  AttentionCache memory;  ///< of a decoder's attention to the memory, which is projected once
};

/// What a TransformerEncoder, a TransformerDecoder or another stack of causal layers has read, all
/// layers of it. It starts empty and serves one stack:
///
///   nn::TransformerCache cache;
///   for (...) y = decoder(embedded(next, cache.length()), memory, {}, &cache);
class TransformerCache {
 public:
  TransformerCache() = default;
  /// Of layers that take memory for `capacity` positions at once. Throws ValueError below 0.
  explicit TransformerCache(int64_t capacity);

  /// Positions read by all layers.
  int64_t length() const { return length_; }
  /// Forgets all positions from `length` on; at 0 the memory too. Throws ValueError below 0.
  void truncate(int64_t length);
  /// AttentionCache::reorder of all layers, memory included, or of none where it throws.
  void reorder(const Tensor& rows);

  /// For the stacks: the layers as length() says, whatever an error has left in some of them.
  /// Throws ValueError, tagged `name`, where there were so many layers before and now are others.
  std::span<TransformerLayerCache> begin_step(const char* name, int64_t layers);
  /// All layers have read `count` positions more.
  void end_step(int64_t count) { length_ += count; }

 private:
  std::vector<TransformerLayerCache> layers_;
  int64_t length_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace strata::nn
