#pragma once

#include "strata/nn/layers/conv_norm.h"
#include "strata/nn/layers/flatten.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/pool.h"

namespace strata::models {

/// A small residual network for images of 32 x 32: six 3x3 convolutions that widen 3-16-32-64-128
/// and two residual pairs of two, three max-poolings, the largest value of each channel, one linear
/// layer; 412,954 parameters. Images f32[N, H, W, 3] to logits f32[N, 10]. The layout follows
/// ResNet-9 of Page, "How to train your ResNet", 2018.
class ResNetCifar final : public nn::Module {
 public:
  std::string type() const override { return "ResNetCifar"; }
  void members(nn::Visitor& v) override;
  Tensor forward(const Tensor& x) override;

 private:
  static nn::ConvNorm conv(int64_t in, int64_t out) {
    return nn::ConvNorm({.in = in, .out = out, .kernel = 3, .padding = 1});
  }

  nn::ConvNorm conv1_ = conv(3, 16), conv2_ = conv(16, 32);
  nn::MaxPool2d pool_{{.kernel = 2}};
  nn::ConvNorm conv3_ = conv(32, 32), conv4_ = conv(32, 32);  // a residual pair
  nn::ConvNorm conv5_ = conv(32, 64), conv6_ = conv(64, 128);
  nn::ConvNorm conv7_ = conv(128, 128), conv8_ = conv(128, 128);  // a residual pair
  nn::AdaptiveMaxPool2d largest_;
  nn::Flatten flatten_;
  nn::Linear fc_{{.in = 128, .out = 10}};
};

}  // namespace strata::models
