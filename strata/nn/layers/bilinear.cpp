#include "strata/nn/layers/bilinear.h"

#include <cmath>

#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/bilinear.h"
#include "strata/ops/copy.h"

namespace strata::nn {

Bilinear::Bilinear(const BilinearConfig& config) : config_(config) {
  require_positive("Bilinear", {{"in1", config.in1}, {"in2", config.in2}, {"out", config.out}});
  const double bound = 1 / std::sqrt(static_cast<double>(config.in1));
  weight = parameter({config.out, config.in1, config.in2});
  init::uniform(weight, -bound, bound);
  if (!config.bias) return;
  bias = parameter({config.out});
  init::uniform(bias, -bound, bound);
}

Tensor Bilinear::operator()(const Tensor& a, const Tensor& b) {
  return observe_call(*this, [&] {
    return cast(bilinear(to_compute(a), to_compute(b), to_compute(weight), to_compute(bias)),
                a.dtype());
  });
}

}  // namespace strata::nn
