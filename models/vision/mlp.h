#pragma once

#include "strata/nn/layers/flatten.h"
#include "strata/nn/layers/linear.h"

namespace strata::models {

/// The textbook's digit network, 784-16-16-10 with sigmoids throughout; 13,002 parameters. Images
/// f32[N, 28, 28, 1] to scores f32[N, 10] in (0, 1). Nielsen, "Neural networks and deep learning",
/// 2015; 3Blue1Brown, "But what is a neural network?", 2017.
class Mlp13002 final : public nn::Module {
 public:
  std::string type() const override { return "Mlp13002"; }
  void members(nn::Visitor& v) override {
    v("flatten", flatten)("fc1", fc1)("fc2", fc2)("fc3", fc3);
  }
  Tensor forward(const Tensor& x) override;

  nn::Flatten flatten;
  nn::Linear fc1{{.in = 784, .out = 16, .activation = nn::Activation::sigmoid}};
  nn::Linear fc2{{.in = 16, .out = 16, .activation = nn::Activation::sigmoid}};
  nn::Linear fc3{{.in = 16, .out = 10, .activation = nn::Activation::sigmoid}};
};

}  // namespace strata::models
