#include "strata/nn/layers/qkv_projection.h"

#include <algorithm>

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/copy.h"
#include "strata/ops/joining.h"
#include "strata/ops/linear.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::nn {
namespace {

constexpr std::array<const char*, 3> kNames = {"query", "key", "value"};

/// The handle without what makes it gather a gradient.
Tensor plain(Tensor& t) {
  const NoGrad no_grad;
  return t.detach();
}

}  // namespace

QkvProjection::Parts::Parts(const Shape& shape, bool joined) : all(parameter(shape)) {
  init::constant(all, 0);
  if (joined) return;
  all = plain(all);
  const int64_t size = shape[0] / 3;
  for (size_t i = 0; i < named.size(); ++i) {
    const auto begin = static_cast<int64_t>(i) * size;
    named[i] = slice(all, 0, begin, begin + size).set_requires_grad();
  }
}

/// The shared memory as it is, unless gradients go to its parts or they have moved elsewhere, as
/// after a change of dtype.
Tensor QkvProjection::Parts::joined() const {
  if (!all.defined() || !named[0].defined()) return all;
  const bool apart = std::any_of(named.begin(), named.end(), [&](const Tensor& t) {
    return !t.shares_storage(all) || (grad_enabled() && t.requires_grad());
  });
  return apart ? concat(named) : all;
}

QkvProjection::QkvProjection(const QkvProjectionConfig& config) : config_(config) {
  require_positive("QkvProjection", {{"width", config.width}});
  const int64_t out = checked_numel("QkvProjection", {3, config.width});
  weight_ = Parts({out, config.width}, config.joined);
  if (config.bias) bias_ = Parts({out}, config.joined);
  init::xavier_uniform(weight_.all);
}

void QkvProjection::init_normal(double stddev) { init::normal(weight_.all, 0, stddev); }

void QkvProjection::visit(Visitor& v, const std::string& kind, Parts& parts) {
  if (!parts.all.defined()) return;
  if (!parts.named[0].defined()) {
    v("in_proj_" + kind, parts.all);
    return;
  }
  for (size_t i = 0; i < kNames.size(); ++i) {
    v(std::string(kNames[i]) + "." + kind, parts.named[i]);
  }
}

void QkvProjection::members(Visitor& v) {
  visit(v, "weight", weight_);
  visit(v, "bias", bias_);
}

Tensor QkvProjection::forward(const Tensor& x) {
  return cast(linear(to_compute(x), to_compute(weight_.joined()), to_compute(bias_.joined())),
              x.dtype());
}

}  // namespace strata::nn
