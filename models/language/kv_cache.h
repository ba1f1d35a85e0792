#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata::models {

struct KvCacheConfig {
  int64_t batch = 1;
  int64_t layers = -1;  ///< required, as are the next three
  int64_t heads = -1;
  int64_t width = -1;     ///< of a head
  int64_t capacity = -1;  ///< most positions
  DType dtype = DType::f32;
};

/// The keys and values of the positions that a causal network has read, so that each new token
/// costs one pass over itself alone. All memory is taken at once.
class KvCache {
 public:
  /// Throws ValueError for sizes below 1.
  explicit KvCache(const KvCacheConfig& config);

  /// Positions read so far, by all layers.
  int64_t length() const { return length_; }
  int64_t capacity() const { return config_.capacity; }
  /// The positions that `advance` will add have been written for every layer.
  void advance(int64_t count) { length_ += count; }
  /// Forgets all positions from `length` on; there may be none. Throws ValueError below 0.
  void truncate(int64_t length);

  /// Writes k and v [B, H, T, D] behind the positions read so far, and returns views of all
  /// length() + T keys and values of that layer. Throws ValueError where they do not fit and for a
  /// layer that there is not, GradError while gradients are recorded for them, ShapeError.
  std::pair<Tensor, Tensor> append(int64_t layer, const Tensor& k, const Tensor& v);

 private:
  KvCacheConfig config_;
  std::vector<Tensor> keys_, values_;  // of each layer, [B, H, capacity, D]
  int64_t length_ = 0;
};

}  // namespace strata::models
