#pragma once

#include <optional>

#include "strata/nn/module.h"
#include "strata/ops/embedding_bag.h"

namespace strata::nn {

struct EmbeddingConfig {
  int64_t count = -1;                       ///< required: rows, one for each index
  int64_t width = -1;                       ///< required
  std::optional<int64_t> padding_idx = {};  ///< this row is zero at first and gets no gradient
  double stddev = 1;                        ///< of the initial values
};

/// Rows of a table, one for each index: integers of any shape to f32[..., width]; weight
/// [count, width], normal at first, as PyTorch's Embedding. Throws ValueError for missing
/// sizes and a padding_idx outside of the table, IndexError for an index outside of it.
class Embedding final : public Module {
 public:
  explicit Embedding(const EmbeddingConfig& config);
  /// Of a table [count, width] that is there already, whose memory it shares; frozen, it is no
  /// part of a graph. Throws ShapeError for other ranks.
  static Embedding from_pretrained(const Tensor& table, bool freeze = true,
                                   std::optional<int64_t> padding_idx = {});

  std::string type() const override { return "Embedding"; }
  void members(Visitor& v) override { v("weight", weight); }
  Tensor forward(const Tensor& index) override;
  const EmbeddingConfig& config() const { return config_; }

  Tensor weight;  ///< [count, width]

 private:
  Embedding(const EmbeddingConfig& config, Tensor table);

  EmbeddingConfig config_;
};

struct EmbeddingBagConfig {
  int64_t count = -1;  ///< required: rows, one for each index
  int64_t width = -1;  ///< required
  BagMode mode = BagMode::mean;
  std::optional<int64_t> padding_idx = {};  ///< this row is zero at first; bags leave it out
  bool include_last_offset = false;  ///< offsets ends with the number of indices, which is no bag
};

/// Rows of a table brought together bag by bag: an index [bags, n], or an index [n] with the
/// offsets of its bags, to f32[bags, width]; see embedding_bag. weight [count, width], normal at
/// first, as PyTorch's EmbeddingBag. Throws ValueError for missing sizes and a padding_idx outside
/// of the table.
class EmbeddingBag final : public Module {
 public:
  explicit EmbeddingBag(const EmbeddingBagConfig& config);
  /// As Embedding::from_pretrained; the table gives count and width.
  static EmbeddingBag from_pretrained(const Tensor& table, bool freeze = true,
                                      EmbeddingBagConfig config = {});

  std::string type() const override { return "EmbeddingBag"; }
  void members(Visitor& v) override { v("weight", weight); }
  Tensor forward(const Tensor& index) override;
  using Module::operator();
  /// `offsets` undefined for an index [bags, n]; a factor for each index where the mode is sum.
  Tensor operator()(const Tensor& index, const Tensor& offsets,
                    const Tensor& per_sample_weights = {});
  const EmbeddingBagConfig& config() const { return config_; }

  Tensor weight;  ///< [count, width]

 private:
  EmbeddingBag(const EmbeddingBagConfig& config, Tensor table);
  Tensor bags(const Tensor& index, const Tensor& offsets, const Tensor& per_sample_weights) const;

  EmbeddingBagConfig config_;
};

}  // namespace strata::nn
