#pragma once

#include "strata/nn/module.h"

namespace strata::nn {

/// Merges all axes but the first: [N, ...] to [N, D]. Images [N, H, W, C] are put in the order
/// C, H, W first, so that the columns of a following Linear mean what they mean in PyTorch and
/// weights move between the two unchanged.
class Flatten final : public Module {
 public:
  std::string type() const override { return "Flatten"; }
  Tensor forward(const Tensor& x) override;
};

}  // namespace strata::nn
