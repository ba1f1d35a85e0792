#include "strata/nn/layers/sequential.h"

namespace strata::nn {

void Sequential::members(Visitor& v) {
  for (size_t i = 0; i < stages_.size(); ++i) v(std::to_string(i), *stages_[i]);
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const auto& stage : stages_) y = (*stage)(y);
  return y;
}

}  // namespace strata::nn
