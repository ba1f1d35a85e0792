#pragma once

#include "strata/tensor/grad_node.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Where the gradient of a leaf is gathered.
class LeafNode final : public GradNode {
 public:
  bool is_leaf() const override { return true; }
  Tensor grad;
  bool replaced = false;     ///< its tensor has other data since, and another node
  bool replacement = false;  ///< it is that other node
};

}  // namespace strata
