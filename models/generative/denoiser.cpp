#include "models/generative/denoiser.h"

#include "strata/ops/creation.h"

namespace strata::models {

Tensor Denoiser::forward(const Tensor& x) {
  return noise(x, zeros({x.size(0)}, DType::f32, x.device()));
}

}  // namespace strata::models
