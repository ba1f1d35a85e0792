#include "models/vision/resnet.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/init.h"

namespace strata::models {
namespace {

constexpr std::array<int64_t, 4> kWidths = {64, 128, 256, 512};
constexpr int64_t kExpansion = 4;  // of a bottleneck's last convolution

nn::ConvNormConfig stem_config(const ResNetConfig& c) {
  if (*std::min_element(c.blocks.begin(), c.blocks.end()) < 1) {
    throw ValueError("ResNet", "the config leaves out .blocks");
  }
  if (c.small_images) return {.in = 3, .out = kWidths[0], .kernel = 3, .padding = 1};
  return {.in = 3, .out = kWidths[0], .kernel = 7, .stride = 2, .padding = 3};
}

/// Normal with variance 2 / fan out, as the paper's and torchvision's.
nn::ConvNorm he_normal(const nn::ConvNormConfig& config) {
  nn::ConvNorm made(config);
  nn::init::kaiming_normal(made.conv.weight, {.mode = nn::init::FanMode::out});
  return made;
}

}  // namespace

ResNetConfig resnet_config(int depth) {
  static const std::map<int, ResNetConfig> kConfigs = {
      {18, {.blocks = {2, 2, 2, 2}}},
      {34, {.blocks = {3, 4, 6, 3}}},
      {50, {.blocks = {3, 4, 6, 3}, .bottleneck = true}},
      {101, {.blocks = {3, 4, 23, 3}, .bottleneck = true}},
      {152, {.blocks = {3, 8, 36, 3}, .bottleneck = true}}};
  const auto it = kConfigs.find(depth);
  if (it != kConfigs.end()) return it->second;
  throw ValueError("resnet_config",
                   fmt::format("no ResNet of {} layers: 18, 34, 50, 101 and 152 are known", depth));
}

ResidualBlock::ResidualBlock(int64_t in, int64_t width, int64_t stride, bool bottleneck) {
  const int64_t out = bottleneck ? width * kExpansion : width;
  if (bottleneck) {
    stages_.push_back(he_normal({.in = in, .out = width, .kernel = 1}));
    stages_.push_back(
        he_normal({.in = width, .out = width, .kernel = 3, .stride = stride, .padding = 1}));
    stages_.push_back(he_normal({.in = width, .out = out, .kernel = 1, .relu = false}));
  } else {
    stages_.push_back(
        he_normal({.in = in, .out = width, .kernel = 3, .stride = stride, .padding = 1}));
    stages_.push_back(
        he_normal({.in = width, .out = width, .kernel = 3, .padding = 1, .relu = false}));
  }
  if (stride != 1 || in != out) {
    downsample_.emplace(
        he_normal({.in = in, .out = out, .kernel = 1, .stride = stride, .relu = false}));
  }
}

void ResidualBlock::members(nn::Visitor& v) {
  for (size_t i = 0; i < stages_.size(); ++i) {
    v(fmt::format("conv{}", i + 1), stages_[i].conv)(fmt::format("bn{}", i + 1), stages_[i].norm);
  }
  if (downsample_) v("downsample.0", downsample_->conv)("downsample.1", downsample_->norm);
}

Tensor ResidualBlock::forward(const Tensor& x) {
  const Tensor shortcut = downsample_ ? (*downsample_)(x) : x;
  Tensor y = x;
  for (size_t i = 0; i + 1 < stages_.size(); ++i) y = stages_[i](y);
  return stages_.back()(y, shortcut);
}

ResNet::ResNet(const ResNetConfig& config)
    : config_(config),
      stem_(he_normal(stem_config(config))),
      fc_({.in = kWidths[3] * (config.bottleneck ? kExpansion : 1), .out = config.classes}) {
  int64_t in = kWidths[0];
  for (size_t i = 0; i < layers_.size(); ++i) {
    for (int64_t j = 0; j < config.blocks[i]; ++j) {
      const int64_t stride = i > 0 && j == 0 ? 2 : 1;
      in = layers_[i].add(in, kWidths[i], stride, config.bottleneck).out();
    }
  }
}

void ResNet::members(nn::Visitor& v) {
  v("conv1", stem_.conv)("bn1", stem_.norm);
  if (!config_.small_images) v("maxpool", pool_);
  for (size_t i = 0; i < layers_.size(); ++i) v(fmt::format("layer{}", i + 1), layers_[i]);
  v("avgpool", average_)("flatten", flatten_)("fc", fc_);
}

Tensor ResNet::forward(const Tensor& x) {
  Tensor y = stem_(x);
  if (!config_.small_images) y = pool_(y);
  for (auto& layer : layers_) {
    for (auto& block : layer) y = (*block)(y);
  }
  return fc_(flatten_(average_(y)));
}

}  // namespace strata::models
