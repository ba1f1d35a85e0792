#pragma once

#include "strata/nn/module.h"

namespace strata::models {

/// A network that looks at noisy images and says which noise is in them.
class Denoiser : public nn::Module {
 public:
  /// Images x [N, H, W, C] and the steps t [N] at which they are (integers or floating): the noise,
  /// of x's shape.
  Tensor operator()(const Tensor& x, const Tensor& t) {
    return nn::observe_call(*this, [&] { return noise(x, t); });
  }
  /// The noise in images at step 0.
  Tensor forward(const Tensor& x) final;

 protected:
  virtual Tensor noise(const Tensor& x, const Tensor& t) = 0;
};

}  // namespace strata::models
