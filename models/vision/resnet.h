#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "strata/nn/layers/conv_norm.h"
#include "strata/nn/layers/flatten.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/module_list.h"
#include "strata/nn/layers/pool.h"

namespace strata::models {

struct ResNetConfig {
  std::array<int64_t, 4> blocks = {0, 0, 0, 0};  ///< required: residual blocks of each layer
  bool bottleneck = false;  ///< blocks of 1x1, 3x3, 1x1 convolutions; else of two 3x3
  int64_t classes = 1000;
  bool small_images = false;  ///< for 32 x 32: a 3x3 stem and no max-pooling
};

/// The configs of torchvision's resnet18, 34, 50, 101 and 152. Throws ValueError for other depths.
ResNetConfig resnet_config(int depth);

/// x + f(x) with f of two or three convolutions, each with its batch norm; where sizes differ, x
/// goes through a 1x1 convolution of its own. Bottlenecks stride in the 3x3, as torchvision's.
class ResidualBlock final : public nn::Module {
 public:
  ResidualBlock(int64_t in, int64_t width, int64_t stride, bool bottleneck);

  std::string type() const override { return stages_.size() == 3 ? "Bottleneck" : "BasicBlock"; }
  void members(nn::Visitor& v) override;
  Tensor forward(const Tensor& x) override;
  int64_t out() const { return stages_.back().conv.config().out; }

 private:
  std::vector<nn::ConvNorm> stages_;
  std::optional<nn::ConvNorm> downsample_;
};

/// ResNet with torchvision's names and initial values: ResNet-18, 34, 50, 101 and 152 have
/// 11,689,512; 21,797,672; 25,557,032; 44,549,160 and 60,192,808 parameters. Images
/// f32[N, H, W, 3], normalised as published, to logits f32[N, classes]; any H and W. He, Zhang, Ren
/// and Sun, "Deep residual learning for image recognition", CVPR 2016.
class ResNet final : public nn::Module {
 public:
  explicit ResNet(const ResNetConfig& config);

  std::string type() const override { return "ResNet"; }
  void members(nn::Visitor& v) override;
  Tensor forward(const Tensor& x) override;
  const ResNetConfig& config() const { return config_; }

 private:
  ResNetConfig config_;
  nn::ConvNorm stem_;
  nn::MaxPool2d pool_{{.kernel = 3, .stride = 2, .padding = 1}};
  std::array<nn::ModuleList<ResidualBlock>, 4> layers_;
  nn::AdaptiveAvgPool2d average_;
  nn::Flatten flatten_;
  nn::Linear fc_;
};

}  // namespace strata::models
