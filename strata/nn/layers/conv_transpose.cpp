#include "strata/nn/layers/conv_transpose.h"

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/copy.h"

namespace strata::nn {
namespace {

/// The sizes of a kernel.
Dims sizes(int64_t k) { return {k}; }
Dims sizes(Size2 k) { return {k.h, k.w}; }
Dims sizes(Size3 k) { return {k.d, k.h, k.w}; }

/// Checks a config; the shape of the weight it asks for.
template <class Config>
Shape weight_shape(const char* layer, const Config& c) {
  require_positive(layer, {{"in", c.in}, {"out", c.out}});
  require_groups(layer, c.in, c.out, c.groups);
  Shape shape = {c.in};
  for (const int64_t k : sizes(c.kernel)) {
    require_positive(layer, {{"kernel", k}});
    shape.push_back(k);
  }
  shape.push_back(c.out / c.groups);
  return shape;
}

template <class Options, class Op, class Config>
Tensor apply(Op op, const Tensor& x, const Tensor& weight, const Tensor& bias, const Config& c) {
  Options options;
  options.stride = c.stride;
  options.padding = c.padding;
  options.output_padding = c.output_padding;
  options.dilation = c.dilation;
  options.groups = c.groups;
  return cast(op(to_compute(x), to_compute(weight), to_compute(bias), options), x.dtype());
}

}  // namespace

ConvTranspose1d::ConvTranspose1d(const ConvTranspose1dConfig& config) : config_(config) {
  weight = parameter(weight_shape("ConvTranspose1d", config));
  if (config.bias) bias = parameter({config.out});
  init::torch_default(weight, bias);
}

Tensor ConvTranspose1d::forward(const Tensor& x) {
  return apply<ConvTranspose1dOptions>(conv_transpose1d, x, weight, bias, config_);
}

ConvTranspose2d::ConvTranspose2d(const ConvTranspose2dConfig& config) : config_(config) {
  weight = parameter(weight_shape("ConvTranspose2d", config));
  if (config.bias) bias = parameter({config.out});
  init::torch_default(weight, bias);
}

Tensor ConvTranspose2d::forward(const Tensor& x) {
  return apply<ConvTranspose2dOptions>(conv_transpose2d, x, weight, bias, config_);
}

ConvTranspose3d::ConvTranspose3d(const ConvTranspose3dConfig& config) : config_(config) {
  weight = parameter(weight_shape("ConvTranspose3d", config));
  if (config.bias) bias = parameter({config.out});
  init::torch_default(weight, bias);
}

Tensor ConvTranspose3d::forward(const Tensor& x) {
  return apply<ConvTranspose3dOptions>(conv_transpose3d, x, weight, bias, config_);
}

}  // namespace strata::nn
