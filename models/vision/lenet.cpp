#include "models/vision/lenet.h"

#include "strata/ops/activations.h"

namespace strata::models {

Tensor LeNet5::forward(const Tensor& x) {
  // The largest of the pixels is the same before the ReLU and behind it, where it is a quarter of
  // the work.
  const Tensor features = relu(pool2(conv2(relu(pool1(conv1(x))))));
  return fc3(fc2(fc1(flatten(features))));
}

}  // namespace strata::models
