#include "models/language/kv_cache.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/ops/copy.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::models {

KvCache::KvCache(const KvCacheConfig& config) : config_(config) {
  nn::require_positive("KvCache", {{"batch", config.batch},
                                   {"layers", config.layers},
                                   {"heads", config.heads},
                                   {"width", config.width},
                                   {"capacity", config.capacity}});
  const Shape shape = {config.batch, config.heads, config.capacity, config.width};
  for (int64_t i = 0; i < config.layers; ++i) {
    keys_.push_back(empty(shape, config.dtype, kCpu, "KvCache"));
    values_.push_back(empty(shape, config.dtype, kCpu, "KvCache"));
  }
}

void KvCache::truncate(int64_t length) {
  if (length < 0) throw ValueError("KvCache", fmt::format("cannot keep {} positions", length));
  length_ = std::min(length_, length);
}

std::pair<Tensor, Tensor> KvCache::append(int64_t layer, const Tensor& k, const Tensor& v) {
  if (k.requires_grad() || v.requires_grad()) {
    throw GradError("KvCache", "keeps no history of gradients", "use NoGrad");
  }
  if (layer < 0 || layer >= config_.layers) {
    throw ValueError("KvCache", fmt::format("there is no layer {} of {}", layer, config_.layers));
  }
  const int64_t end = length_ + k.size(2);
  if (end > config_.capacity) {
    throw ValueError(
        "KvCache", fmt::format("{} positions do not fit a capacity of {}", end, config_.capacity));
  }
  const NoGrad no_grad;
  const auto write = [&](Tensor& cache, const Tensor& x) {
    Tensor place = slice(cache, 2, length_, end);
    copy_(place, x);
    return slice(cache, 2, 0, end);
  };
  const auto at = static_cast<size_t>(layer);
  return {write(keys_[at], k), write(values_[at], v)};
}

}  // namespace strata::models
