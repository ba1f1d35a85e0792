#pragma once

#include <cstdint>
#include <optional>

#include "strata/tensor/tensor.h"

namespace strata {

enum class BagMode : uint8_t { sum, mean, max };

struct EmbeddingBagOptions {
  BagMode mode = BagMode::mean;
  /// Of sum: a factor for each index, of its shape and weight's dtype; undefined: 1.
  Tensor per_sample_weights = {};
  /// Indices of this row (from the end if negative) count as absent; it gets no gradient.
  std::optional<int64_t> padding_idx = {};
  bool include_last_offset = false;  ///< offsets ends with the number of indices, which is no bag
};

/// The rows of `weight` [rows, width] that `index` names, brought together bag by bag: [bags,
/// width], zeros for a bag of none. A bag is a row of an index [bags, n], or, in an index [n], what
/// lies from one of `offsets` [bags], the first of which is 0, to the next. In max a NaN wins, and
/// of equal values the first gets the gradient. Half types are summed in f32. Throws ShapeError,
/// DTypeError, IndexError; ValueError for offsets that do not rise from 0 to the number of indices
/// or less, a padding_idx outside of weight, and per_sample_weights but with sum. As
/// torch.nn.functional.embedding_bag.
Tensor embedding_bag(const Tensor& weight, const Tensor& index, const Tensor& offsets = {},
                     const EmbeddingBagOptions& options = {});

}  // namespace strata
