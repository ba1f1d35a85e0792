#include "models/vision/mlp.h"

namespace strata::models {

Tensor Mlp13002::forward(const Tensor& x) { return fc3(fc2(fc1(flatten(x)))); }

}  // namespace strata::models
