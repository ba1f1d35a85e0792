#include "strata/nn/layers/embedding.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/ops/copy.h"
#include "strata/ops/indexing.h"
#include "strata/ops/views.h"

namespace strata::nn {

Embedding::Embedding(const EmbeddingConfig& config) : config_(config) {
  require_positive("Embedding", {{"count", config.count}, {"width", config.width}});
  const int64_t padding = config.padding_idx.value_or(0);
  if (padding < -config.count || padding >= config.count) {
    throw ValueError("Embedding", fmt::format(".padding_idx {} is outside of a table of {} rows",
                                              padding, config.count));
  }
  weight = parameter({config.count, config.width});
  init::normal(weight, 0, config.stddev);
  if (config.padding_idx) {
    Tensor row = select(weight.detach(), 0, padding);
    fill_(row, 0);
  }
}

Tensor Embedding::forward(const Tensor& index) {
  return embedding(weight, index, config_.padding_idx);
}

}  // namespace strata::nn
