#pragma once

#include "strata/nn/layers/conv.h"
#include "strata/nn/layers/flatten.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/pool.h"

namespace strata::models {

/// LeNet-5 as it is built today: ReLU and max-pooling for the paper's tanh and trained averages, a
/// full second convolution; 61,706 parameters. Images f32[N, 28, 28, 1] to logits f32[N, 10].
/// LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
/// Proceedings of the IEEE, 1998.
class LeNet5 final : public nn::Module {
 public:
  std::string type() const override { return "LeNet5"; }
  void members(nn::Visitor& v) override {
    v("conv1", conv1)("pool1", pool1)("conv2", conv2)("pool2", pool2)("flatten", flatten);
    v("fc1", fc1)("fc2", fc2)("fc3", fc3);
  }
  Tensor forward(const Tensor& x) override;

  nn::Conv2d conv1{{.in = 1, .out = 6, .kernel = 5, .padding = 2}};
  nn::MaxPool2d pool1{{.kernel = 2}};
  nn::Conv2d conv2{{.in = 6, .out = 16, .kernel = 5}};
  nn::MaxPool2d pool2{{.kernel = 2}};
  nn::Flatten flatten;
  nn::Linear fc1{{.in = 400, .out = 120, .activation = nn::Activation::relu}};
  nn::Linear fc2{{.in = 120, .out = 84, .activation = nn::Activation::relu}};
  nn::Linear fc3{{.in = 84, .out = 10}};
};

}  // namespace strata::models
