#pragma once

#include <memory>

#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/conv.h"

namespace strata::nn {

struct ConvNormConfig {
  int64_t in = -1;    ///< required
  int64_t out = -1;   ///< required
  Size2 kernel = -1;  ///< required
  Size2 stride = 1;
  Size2 padding = 0;
  int64_t groups = 1;
  bool relu = true;  ///< after the norm; a layer that takes residuals must not have it
  double eps = 1e-5;
};

/// A convolution without bias and the batch norm behind it. The module that holds it lists the two
/// under the names of its files: `v("conv1", stem.conv)("bn1", stem.norm)`.
///
/// In evaluation, while no gradients are recorded, the norm's scale and shift are multiplied into
/// the convolution's weights once and the two become one convolution with a bias; the product is
/// made again after any of the five tensors was written to. Where a CallObserver looks on, both
/// layers are called, so that it sees them. Any number of threads may evaluate at once.
class ConvNorm {
 public:
  explicit ConvNorm(const ConvNormConfig& config);
  ConvNorm(ConvNorm&&) noexcept;
  ConvNorm& operator=(ConvNorm&&) noexcept;
  ~ConvNorm();

  /// norm(conv(x)), or max(norm(conv(x)) + residual, 0) where one is given. Throws ValueError for a
  /// residual where the norm has a relu.
  Tensor operator()(const Tensor& x, const Tensor& residual = {});

  Conv2d conv;
  BatchNorm2d norm;

 private:
  struct Cache;
  struct Folded;
  std::shared_ptr<const Folded> folded();

  std::unique_ptr<Cache> cache_;
};

}  // namespace strata::nn
