// A module on one device tells of both where its input is on another.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/conv.h"
#include "strata/nn/layers/conv_nd.h"
#include "strata/nn/layers/conv_transpose.h"
#include "strata/nn/layers/embedding.h"
#include "strata/nn/layers/group_norm.h"
#include "strata/nn/layers/layer_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/local_norm.h"
#include "strata/nn/layers/multihead_attention.h"
#include "strata/nn/layers/recurrent.h"
#include "strata/nn/layers/rms_norm.h"
#include "strata/ops/creation.h"
#include "strata/tensor/default_device.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

struct Case {
  std::function<std::unique_ptr<Module>()> make;
  Shape shape;
  DType dtype = DType::f32;
};

template <class Layer, class Config>
Case of(const Config& config, const Shape& shape, DType dtype = DType::f32) {
  return {[config] { return std::make_unique<Layer>(config); }, shape, dtype};
}

std::vector<Case> cases() {
  const BatchNormConfig norm = {.channels = 4};
  return {
      of<Linear>(LinearConfig{.in = 4, .out = 3}, {2, 4}),
      of<Conv1d>(Conv1dConfig{.in = 4, .out = 3, .kernel = 2}, {2, 5, 4}),
      of<Conv2d>(Conv2dConfig{.in = 4, .out = 3, .kernel = 2}, {2, 5, 5, 4}),
      of<ConvTranspose2d>(ConvTranspose2dConfig{.in = 4, .out = 3, .kernel = 2}, {2, 5, 5, 4}),
      of<BatchNorm1d>(norm, {3, 4}),
      of<BatchNorm2d>(norm, {2, 3, 3, 4}),
      of<InstanceNorm>(InstanceNormConfig{.channels = 4, .affine = true}, {2, 3, 3, 4}),
      of<InstanceNorm>(InstanceNormConfig{.channels = 4, .running = true}, {2, 3, 3, 4}),
      of<LayerNorm>(LayerNormConfig{.shape = {4}}, {2, 4}),
      of<RMSNorm>(RMSNormConfig{.shape = {4}}, {2, 4}),
      of<GroupNorm>(GroupNormConfig{.groups = 2, .channels = 4}, {2, 3, 3, 4}),
      of<Embedding>(EmbeddingConfig{.count = 4, .width = 3}, {2, 4}, DType::i64),
      of<EmbeddingBag>(EmbeddingBagConfig{.count = 4, .width = 3}, {2, 4}, DType::i64),
      of<MultiheadAttention>(MultiheadAttentionConfig{.width = 4, .heads = 2}, {2, 3, 4}),
      of<LSTM>(RecurrentConfig{.in = 4, .hidden = 3}, {2, 3, 4}),
  };
}

TEST(Layers, NameBothDevicesWhereTheyDiffer) {
  for (const Device own : {kMeta, kCpu}) {
    const Device given = own == kMeta ? kCpu : kMeta;
    for (const Case& c : cases()) {
      const DeviceScope scope(own);
      const auto layer = c.make();
      for (const bool training : {true, false}) {
        layer->train(training);
        const std::string text =
            testing::message<DeviceError>([&] { (*layer)(zeros(c.shape, c.dtype, given)); });
        EXPECT_NE(text.find(" on meta"), std::string::npos) << layer->type() << ": " << text;
        EXPECT_NE(text.find(" on cpu"), std::string::npos) << layer->type() << ": " << text;
        EXPECT_NE(text.find("make both on meta or neither"), std::string::npos)
            << layer->type() << ": " << text;
        EXPECT_NO_THROW((*layer)(zeros(c.shape, c.dtype, own))) << layer->type();
      }
    }
  }
}

}  // namespace
}  // namespace strata::nn
