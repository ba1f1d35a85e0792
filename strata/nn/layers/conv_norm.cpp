#include "strata/nn/layers/conv_norm.h"

#include <array>
#include <mutex>

#include "strata/base/activity.h"
#include "strata/base/error.h"
#include "strata/nn/precision.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/conv.h"
#include "strata/ops/copy.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::nn {

/// One convolution in place of both, and what it was made of.
struct ConvNorm::Folded {
  static constexpr size_t kSources = 5;

  std::array<Tensor, kSources> sources;
  std::array<uint32_t, kSources> versions{};
  DType dtype = DType::f32;
  Tensor weight, bias;

  bool made_of(const std::array<Tensor, kSources>& now, DType wanted) const {
    for (size_t i = 0; i < kSources; ++i) {
      if (!sources[i].same_as(now[i]) || versions[i] != now[i].version()) return false;
    }
    return dtype == wanted;
  }
};

struct ConvNorm::Cache {
  std::mutex mutex;
  std::shared_ptr<const Folded> folded;
};

ConvNorm::ConvNorm(const ConvNormConfig& c)
    : conv({.in = c.in,
            .out = c.out,
            .kernel = c.kernel,
            .stride = c.stride,
            .padding = c.padding,
            .groups = c.groups,
            .bias = false}),
      norm({.channels = c.out, .eps = c.eps, .relu = c.relu}),
      cache_(std::make_unique<Cache>()) {}

ConvNorm::ConvNorm(ConvNorm&&) noexcept = default;
ConvNorm& ConvNorm::operator=(ConvNorm&&) noexcept = default;
ConvNorm::~ConvNorm() = default;

Tensor ConvNorm::operator()(const Tensor& x, const Tensor& residual) {
  if (residual.defined() && norm.config().relu) {
    throw ValueError("ConvNorm", "takes no residual behind a norm with a relu",
                     "make it with .relu = false: the sum has one");
  }
  // A profile is to see what runs without it; other observers want to see both layers.
  const bool observed = call_observer() && !activity_listener();
  if (norm.training() || grad_enabled() || observed) {
    const Tensor y = norm(conv(x));
    return residual.defined() ? add_relu(y, residual) : y;
  }
  const auto f = folded();
  const Conv2dConfig& c = conv.config();
  const Conv2dOptions options{.stride = c.stride,
                              .padding = c.padding,
                              .dilation = c.dilation,
                              .groups = c.groups,
                              .relu = norm.config().relu || residual.defined()};
  return cast(conv2d(to_compute(x), f->weight, f->bias, options,
                     residual.defined() ? to_compute(residual) : residual),
              x.dtype());
}

std::shared_ptr<const ConvNorm::Folded> ConvNorm::folded() {
  const std::array<Tensor, Folded::kSources> now = {conv.weight, norm.weight, norm.bias,
                                                    norm.running_mean, norm.running_var};
  const std::lock_guard lock(cache_->mutex);
  if (cache_->folded && cache_->folded->made_of(now, compute_dtype())) return cache_->folded;
  auto made = std::make_shared<Folded>();
  made->sources = now;
  for (size_t i = 0; i < now.size(); ++i) made->versions[i] = now[i].version();
  made->dtype = compute_dtype();
  const Tensor scale = norm.weight * rsqrt(norm.running_var + norm.config().eps);
  // The statistics are f32 beside weights of a half type.
  const DType dtype = conv.weight.dtype();
  const Tensor weight = conv.weight * reshape(scale, {scale.size(0), 1, 1, 1});
  made->weight = to_compute(cast(weight, dtype));
  made->bias = to_compute(cast(norm.bias - norm.running_mean * scale, dtype));
  cache_->folded = made;
  return made;
}

}  // namespace strata::nn
