#pragma once

#include <optional>

#include "strata/nn/module.h"

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

  std::string type() const override { return "Embedding"; }
  void members(Visitor& v) override { v("weight", weight); }
  Tensor forward(const Tensor& index) override;
  const EmbeddingConfig& config() const { return config_; }

  Tensor weight;  ///< [count, width]

 private:
  EmbeddingConfig config_;
};

}  // namespace strata::nn
