#include "strata/nn/layers/embedding.h"

#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/ops/copy.h"
#include "strata/ops/indexing.h"
#include "strata/ops/views.h"

namespace strata::nn {
namespace {

template <class Config>
void check(const char* layer, const Config& config) {
  require_positive(layer, {{"count", config.count}, {"width", config.width}});
  const int64_t padding = config.padding_idx.value_or(0);
  if (padding >= -config.count && padding < config.count) return;
  throw ValueError(layer, fmt::format(".padding_idx {} is outside of a table of {} rows", padding,
                                      config.count));
}

/// Normal values, with zeros in the row of the padding.
template <class Config>
Tensor new_table(const Config& config, double stddev) {
  Tensor weight = parameter({config.count, config.width});
  init::normal(weight, 0, stddev);
  if (config.padding_idx) {
    Tensor row = select(weight.detach(), 0, *config.padding_idx);
    fill_(row, 0);
  }
  return weight;
}

template <class Config>
void take_sizes(const char* layer, const Tensor& table, Config& config) {
  if (table.rank() != 2) {
    throw ShapeError(layer, fmt::format("a table is [count, width], got {}", describe(table)));
  }
  config.count = table.size(0);
  config.width = table.size(1);
}

Tensor frozen_if(bool freeze, const Tensor& table) {
  Tensor weight = table.detach();
  return weight.set_requires_grad(!freeze);
}

}  // namespace

Embedding::Embedding(const EmbeddingConfig& config) : config_(config) {
  check("Embedding", config);
  weight = new_table(config, config.stddev);
}

Embedding::Embedding(const EmbeddingConfig& config, Tensor table)
    : weight(std::move(table)), config_(config) {
  check("Embedding", config);
}

Embedding Embedding::from_pretrained(const Tensor& table, bool freeze,
                                     std::optional<int64_t> padding_idx) {
  EmbeddingConfig config{.padding_idx = padding_idx};
  take_sizes("Embedding", table, config);
  return {config, frozen_if(freeze, table)};
}

Tensor Embedding::forward(const Tensor& index) {
  return embedding(weight, index, config_.padding_idx);
}

EmbeddingBag::EmbeddingBag(const EmbeddingBagConfig& config) : config_(config) {
  check("EmbeddingBag", config);
  weight = new_table(config, 1);
}

EmbeddingBag::EmbeddingBag(const EmbeddingBagConfig& config, Tensor table)
    : weight(std::move(table)), config_(config) {
  check("EmbeddingBag", config);
}

EmbeddingBag EmbeddingBag::from_pretrained(const Tensor& table, bool freeze,
                                           EmbeddingBagConfig config) {
  take_sizes("EmbeddingBag", table, config);
  return {config, frozen_if(freeze, table)};
}

Tensor EmbeddingBag::forward(const Tensor& index) { return bags(index, {}, {}); }

Tensor EmbeddingBag::operator()(const Tensor& index, const Tensor& offsets,
                                const Tensor& per_sample_weights) {
  return observe_call(*this, [&] { return bags(index, offsets, per_sample_weights); });
}

Tensor EmbeddingBag::bags(const Tensor& index, const Tensor& offsets,
                          const Tensor& per_sample_weights) const {
  return embedding_bag(weight, index, offsets,
                       {.mode = config_.mode,
                        .per_sample_weights = per_sample_weights,
                        .padding_idx = config_.padding_idx,
                        .include_last_offset = config_.include_last_offset});
}

}  // namespace strata::nn
