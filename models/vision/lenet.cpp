#include "models/vision/lenet.h"

namespace strata::models {

Tensor LeNet5::forward(const Tensor& x) {
  const Tensor features = pool2(conv2(pool1(conv1(x))));
  return fc3(fc2(fc1(flatten(features))));
}

}  // namespace strata::models
