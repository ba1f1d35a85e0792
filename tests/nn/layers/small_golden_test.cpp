// Against PyTorch; tools/golden/layers_small.py made the numbers.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/bilinear.h"
#include "strata/nn/layers/conv.h"
#include "strata/nn/layers/conv_nd.h"
#include "strata/nn/layers/embedding.h"
#include "strata/nn/layers/flatten.h"
#include "strata/nn/layers/layer_norm.h"
#include "strata/nn/layers/pool.h"
#include "strata/nn/layers/pool_nd.h"
#include "strata/nn/layers/rearrange.h"
#include "strata/nn/layers/rms_norm.h"
#include "strata/nn/layers/unpool.h"
#include "strata/nn/layers/upsample.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/pool.h"
#include "strata/ops/pool_nd.h"
#include "strata/ops/views.h"
#include "tests/support/golden_dump.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::nn {
namespace {

using testing::GoldenDump;
using testing::message;
using testing::rule_integers;
using testing::rule_tensor;
using testing::set_rule_weights;

constexpr double kClose = 3e-6;

const GoldenDump& golden() {
  static const GoldenDump dump("nn/small");
  return dump;
}

void expect_pass(const std::string& name, Module& layer, const std::vector<Tensor>& inputs,
                 const GoldenDump::Call& call) {
  golden().expect_pass(name, layer, inputs, call, kClose);
  golden().expect_state(name + ".state.", layer, kClose);
}

/// A layer of one input.
void expect_layer(const std::string& name, Module&& layer, const Shape& shape, double low = -1,
                  double high = 1) {
  set_rule_weights(layer);
  expect_pass(name, layer, {rule_tensor(name + ".x0", shape, low, high)},
              [&](const auto& in) { return layer(in[0]); });
}

TEST(SmallLayers, NormaliseAsPyTorch) {
  expect_layer("rms_norm", RMSNorm({.shape = {5}}), {2, 3, 5});
  expect_layer("rms_norm.two_axes", RMSNorm({.shape = {3, 5}, .eps = 0.1}), {2, 3, 5});
  expect_layer("rms_norm.plain", RMSNorm({.shape = {5}, .affine = false}), {2, 5});
  expect_layer("rms_norm.tiny", RMSNorm({.shape = {5}}), {2, 5}, -1e-3, 1e-3);
  expect_layer("layer_norm.no_bias", LayerNorm({.shape = {5}, .bias = false}), {2, 3, 5});
}

TEST(SmallLayers, ChangeShapesAsPyTorch) {
  expect_layer("gelu.tanh", GELU({.tanh = true}), {3, 7}, -3, 3);
  expect_layer("lp_pool1d", LPPool1d({.p = 3, .kernel = 4, .stride = 2}), {2, 9, 3}, 0.1);
  expect_layer("lp_pool2d", LPPool2d({.kernel = {3, 2}, .ceil_mode = true}), {2, 7, 5, 3});
  expect_layer("upsample.size", Upsample({.size = {5, 3}, .mode = UpsampleMode::bilinear}),
               {2, 4, 6, 3});
  expect_layer("upsample.factor", Upsample({.scale = 1.5}), {2, 4, 6, 3});
  expect_layer("channel_shuffle", ChannelShuffle(3), {2, 3, 2, 12});
  EXPECT_THROW(ChannelShuffle(0), ValueError);
  expect_layer("unflatten", Unflatten({.shape = {4, 2, 3}}), {2, 24});
  expect_layer("unflatten.steps", Unflatten({.shape = {4, -1}}), {2, 24});
}

TEST(SmallLayers, PadAsPyTorch) {
  expect_layer("pad1d", Pad1d({.left = 2, .right = 3, .mode = PadMode::reflect}), {2, 5, 3});
  expect_layer("pad2d", Pad2d({.top = 2, .bottom = -1, .left = 1, .value = 0.5}), {2, 3, 4, 2});
  expect_layer(
      "pad3d",
      Pad3d(
          {.front = 2, .back = 1, .bottom = 3, .left = 1, .right = 2, .mode = PadMode::replicate}),
      {2, 2, 3, 4, 2});
}

TEST(SmallLayers, BilinearIsPyTorchs) {
  const auto expect = [](const std::string& name, Bilinear&& layer, Shape front) {
    set_rule_weights(layer);
    Shape a = front, b = front;
    a.push_back(4);
    b.push_back(3);
    expect_pass(name, layer, {rule_tensor(name + ".x0", a), rule_tensor(name + ".x1", b)},
                [&](const auto& in) { return layer(in[0], in[1]); });
  };
  expect("bilinear", Bilinear({.in1 = 4, .in2 = 3, .out = 6}), {2, 5});
  expect("bilinear.no_bias", Bilinear({.in1 = 4, .in2 = 3, .out = 1, .bias = false}), {5});
}

TEST(SmallLayers, EmbeddingBagIsPyTorchs) {
  const Tensor index = rule_integers("bag.index", {4, 5}, 7);
  const Tensor offsets = tensor<int64_t>({0, 3, 3, 9, 20});
  for (const auto& [mode_name, mode] :
       {std::pair{"sum", BagMode::sum}, {"mean", BagMode::mean}, {"max", BagMode::max}}) {
    const std::string name = std::string("bag.") + mode_name;
    EmbeddingBag rows({.count = 7, .width = 3, .mode = mode, .padding_idx = 2});
    set_rule_weights(rows);
    expect_pass(name, rows, {}, [&](const auto&) { return rows(index); });
    EmbeddingBag uneven({.count = 7, .width = 3, .mode = mode, .include_last_offset = true});
    set_rule_weights(uneven);
    expect_pass(name + ".offsets", uneven, {},
                [&](const auto&) { return uneven(reshape(index, {20}), offsets); });
  }
  EmbeddingBag weighted({.count = 7, .width = 3, .mode = BagMode::sum, .padding_idx = -3});
  set_rule_weights(weighted);
  expect_pass("bag.weighted", weighted, {rule_tensor("bag.weighted.x0", {4, 5})},
              [&](const auto& in) { return weighted(index, {}, in[0]); });
}

TEST(SmallLayers, PretrainedEmbeddingIsPyTorchs) {
  const Tensor index = rule_integers("bag.index", {4, 5}, 7);
  auto table = Embedding::from_pretrained(rule_tensor("pretrained.table", {7, 3}), false, 2);
  expect_pass("pretrained", table, {}, [&](const auto&) { return table(index); });
}

TEST(SmallLayers, MaxUnpoolIsPyTorchs) {
  MaxUnpool2d layer({.kernel = 2});
  expect_pass("unpool", layer, {rule_tensor("unpool.x0", {2, 7, 6, 3})}, [&](const auto& in) {
    const auto [y, index] = max_pool2d_with_indices(in[0]);
    return layer(y, index, {7, 6});
  });
  MaxUnpool1d one({.kernel = 2});
  expect_pass("unpool1d", one, {rule_tensor("unpool1d.x0", {2, 7, 3})}, [&](const auto& in) {
    const auto [y, index] = max_pool1d_with_indices(in[0]);
    return one(y, index, 7);
  });
  MaxUnpool3d three({.kernel = 2});
  expect_pass("unpool3d", three, {rule_tensor("unpool3d.x0", {1, 4, 5, 6, 2})},
              [&](const auto& in) {
                const auto [y, index] = max_pool3d_with_indices(in[0]);
                return three(y, index, {4, 5, 6});
              });
}

TEST(SmallLayers, UpsampleTakesSequencesImagesAndVolumes) {
  expect_layer("upsample.sequence",
               Upsample({.size = 7, .mode = UpsampleMode::linear, .align_corners = true}),
               {2, 4, 3});
  expect_layer("upsample.oblong",
               Upsample({.scale = {2, 1.5}, .mode = UpsampleMode::nearest_exact}), {2, 4, 6, 3});
  expect_layer("upsample.volume", Upsample({.size = {3, 2, 5}, .mode = UpsampleMode::trilinear}),
               {2, 2, 3, 4, 3});
  expect_layer("upsample.area", Upsample({.scale = 0.5, .mode = UpsampleMode::area}),
               {2, 4, 3, 5, 2});
  const Tensor volume = rule_tensor("x", {1, 2, 2, 2, 1});
  EXPECT_EQ(message<ShapeError>([&] {
              Upsample({.size = {3, 4}})(volume);
            }),
            "[Upsample] takes two axes between samples and channels, x is f32[1, 2, 2, 2, 1]");
  EXPECT_THROW(Upsample({.scale = {1, 2, 2}})(rule_tensor("x", {1, 2, 1})), ShapeError);
  EXPECT_THROW(Upsample()(rule_tensor("x", {2, 3})), ShapeError);
  EXPECT_THROW(Upsample({.scale = {2, 0}}), ValueError);
}

TEST(SmallLayers, SamePaddingIsPyTorchs) {
  constexpr int64_t kSame = kSamePadding;
  expect_layer("same1d", Conv1d({.in = 2, .out = 3, .kernel = 4, .padding = kSame, .dilation = 3}),
               {2, 5, 2});
  expect_layer(
      "same1d.reflect",
      Conv1d({.in = 2, .out = 3, .kernel = 4, .padding = kSame, .padding_mode = PadMode::reflect}),
      {2, 5, 2});
  expect_layer("same2d",
               Conv2d({.in = 2, .out = 4, .kernel = {2, 5}, .padding = kSame, .groups = 2}),
               {2, 3, 4, 2});
  expect_layer("same2d.circular",
               Conv2d({.in = 2,
                       .out = 3,
                       .kernel = {2, 3},
                       .padding = kSame,
                       .padding_mode = PadMode::circular}),
               {2, 3, 4, 2});
  expect_layer("same3d", Conv3d({.in = 2, .out = 3, .kernel = {2, 3, 4}, .padding = kSame}),
               {1, 3, 2, 4, 2});
  expect_layer("same3d.replicate",
               Conv3d({.in = 2,
                       .out = 3,
                       .kernel = {4, 1, 2},
                       .padding = kSame,
                       .padding_mode = PadMode::replicate}),
               {1, 3, 2, 4, 2});
  expect_layer("valid", Conv2d({.in = 2, .out = 3, .kernel = 2, .padding = kValidPadding}),
               {1, 3, 4, 2});
  EXPECT_EQ(message<ValueError>([] {
              Conv2d layer({.in = 2, .out = 3, .kernel = 3, .stride = {1, 2}, .padding = kSame});
            }),
            "[Conv2d] kSamePadding needs a stride of 1, got 2");
  EXPECT_THROW(Conv1d({.in = 2, .out = 3, .kernel = 3, .stride = 2, .padding = kSame}), ValueError);
  EXPECT_THROW(Conv3d({.in = 2, .out = 3, .kernel = 3, .stride = 2, .padding = kSame}), ValueError);
}

TEST(SmallLayers, BatchNormsKeepOtherStatisticsAsPyTorch) {
  for (const std::string name : {"cumulative", "of_batch"}) {
    BatchNorm2d layer(
        {.channels = 3, .cumulative = name == "cumulative", .running = name == "cumulative"});
    set_rule_weights(layer);
    for (int i = 0; i < 4; ++i) {
      if (i == 3) layer.eval();
      const std::string number = std::to_string(i);
      const Tensor x = rule_tensor(name + ".x" + number, {2, 3, 4, 3}) * (i + 1) + i;
      golden().expect(name + ".y" + number, layer(x), kClose);
    }
    golden().expect_state(name + ".state.", layer, kClose);
  }
}

TEST(SmallLayers, VisitWhatTheyMake) {
  const int64_t before = parameters_made();
  RMSNorm norm({.shape = {3, 2}});
  Bilinear products({.in1 = 16, .in2 = 3, .out = 500});
  EXPECT_EQ(parameters_made() - before, 3);
  EXPECT_EQ(norm.parameters().size() + products.parameters().size(), 3U);
  EXPECT_EQ(norm.weight.to_vector<float>(), std::vector<float>(6, 1));
  const auto values = products.weight.to_vector<float>();
  EXPECT_NEAR(*std::max_element(values.begin(), values.end()), 0.25, 1e-3);
  EXPECT_NEAR(*std::min_element(values.begin(), values.end()), -0.25, 1e-3);
  EXPECT_LE(std::abs(products.bias.to_vector<float>()[0]), 0.25);
}

TEST(SmallLayers, SayWhatIsWrong) {
  EXPECT_EQ(message<ValueError>([] { RMSNorm norm({}); }),
            "[RMSNorm] .shape needs sizes of at least 1, got []");
  EXPECT_EQ(message<ValueError>([] { Bilinear layer({.in1 = 2, .out = 3}); }),
            "[Bilinear] .in2 must be given, at least 1");
  Bilinear one({.in1 = 1, .in2 = 1, .out = 1});
  EXPECT_THROW(static_cast<Module&>(one)(rule_tensor("x", {1})), ValueError);
  EXPECT_EQ(message<ValueError>([] { MaxUnpool2d layer({.stride = 2}); }),
            "[MaxUnpool2d] .kernel must be given, at least 1");
  EXPECT_EQ(message<ValueError>([] { LPPool1d layer({.p = 3}); }),
            "[LPPool1d] .kernel must be given, at least 1");
  EXPECT_THROW(LPPool2d({.p = 3}), ValueError);
  EXPECT_EQ(message<ValueError>([] { Unflatten layer({}); }),
            "[Unflatten] the config leaves out .shape");
  EXPECT_EQ(message<ShapeError>([] {
              Unflatten({.shape = {2}})(rule_tensor("x", {2, 1, 2}));
            }),
            "[Unflatten] takes rows [N, D], got f32[2, 1, 2]");
  EXPECT_THROW(Unflatten({.shape = {2, 3, 4}})(rule_tensor("x", {2, 23})), ShapeError);
  EXPECT_EQ(message<ShapeError>([] {
              Pad1d({.left = 1})(rule_tensor("x", {2, 3}));
            }),
            "[Pad1d] x must be [N, L, C], got f32[2, 3]");
  EXPECT_EQ(message<ValueError>([] { Upsample layer({.scale = 0}); }),
            "[Upsample] .scale must be above 0, got 0");
  EXPECT_EQ(message<ValueError>([] {
              Upsample layer({.size = {2, -1}});
            }),
            "[Upsample] .size must be at least 1, got 2 x -1");
}

TEST(SmallLayers, UnflattenIsTheWayBackOfFlatten) {
  const Tensor x = rule_tensor("x", {2, 4, 5, 3}), steps = rule_tensor("x", {2, 4, 3});
  const auto same = [](const Tensor& a, const Tensor& b) {
    EXPECT_EQ(a.shape(), b.shape());
    EXPECT_EQ(a.to_vector<float>(), b.to_vector<float>());
  };
  same(Unflatten({.shape = {4, 5, 3}})(Flatten()(x)), x);
  same(Unflatten({.shape = {4, 3}})(Flatten()(steps)), steps);
  same(Unflatten({.shape = {4, 3}, .channels_first = true})(
           Flatten({.channels_first = true})(steps)),
       steps);
  same(Unflatten({.shape = {4, 5, 3}, .channels_first = false})(
           Flatten({.channels_first = false})(x)),
       x);
}

}  // namespace
}  // namespace strata::nn
