#include "strata/nn/layers/dropout.h"

#include "strata/nn/config_check.h"
#include "strata/ops/dropout.h"

namespace strata::nn {

DropoutLayer::DropoutLayer(const char* type, Op op, const DropoutConfig& config)
    : type_(type), op_(op), config_(config) {
  require_share(type, "p", config.p);
}

Tensor DropoutLayer::forward(const Tensor& x) {
  return op_(x, config_.p, training(), default_generator());
}

Dropout::Dropout(const DropoutConfig& config) : DropoutLayer("Dropout", dropout, config) {}

Dropout1d::Dropout1d(const DropoutConfig& config) : DropoutLayer("Dropout1d", dropout1d, config) {}

Dropout2d::Dropout2d(const DropoutConfig& config) : DropoutLayer("Dropout2d", dropout2d, config) {}

Dropout3d::Dropout3d(const DropoutConfig& config) : DropoutLayer("Dropout3d", dropout3d, config) {}

AlphaDropout::AlphaDropout(const DropoutConfig& config)
    : DropoutLayer("AlphaDropout", alpha_dropout, config) {}

FeatureAlphaDropout::FeatureAlphaDropout(const DropoutConfig& config)
    : DropoutLayer("FeatureAlphaDropout", feature_alpha_dropout, config) {}

}  // namespace strata::nn
