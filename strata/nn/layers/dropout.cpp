#include "strata/nn/layers/dropout.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/dropout.h"

namespace strata::nn {
namespace {

void check(const char* layer, const DropoutConfig& config) {
  if (config.p >= 0 && config.p <= 1) return;
  throw ValueError(layer, fmt::format(".p must be in [0, 1], got {}", config.p));
}

}  // namespace

Dropout::Dropout(const DropoutConfig& config) : config_(config) { check("Dropout", config); }

Tensor Dropout::forward(const Tensor& x) { return dropout(x, config_.p, training()); }

Dropout1d::Dropout1d(const DropoutConfig& config) : config_(config) { check("Dropout1d", config); }

Tensor Dropout1d::forward(const Tensor& x) { return dropout1d(x, config_.p, training()); }

Dropout2d::Dropout2d(const DropoutConfig& config) : config_(config) { check("Dropout2d", config); }

Tensor Dropout2d::forward(const Tensor& x) { return dropout2d(x, config_.p, training()); }

Dropout3d::Dropout3d(const DropoutConfig& config) : config_(config) { check("Dropout3d", config); }

Tensor Dropout3d::forward(const Tensor& x) { return dropout3d(x, config_.p, training()); }

AlphaDropout::AlphaDropout(const DropoutConfig& config) : config_(config) {
  check("AlphaDropout", config);
}

Tensor AlphaDropout::forward(const Tensor& x) { return alpha_dropout(x, config_.p, training()); }

FeatureAlphaDropout::FeatureAlphaDropout(const DropoutConfig& config) : config_(config) {
  check("FeatureAlphaDropout", config);
}

Tensor FeatureAlphaDropout::forward(const Tensor& x) {
  return feature_alpha_dropout(x, config_.p, training());
}

}  // namespace strata::nn
