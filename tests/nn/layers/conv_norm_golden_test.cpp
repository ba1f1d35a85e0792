// Against PyTorch; tools/golden/layers_conv_norm.py made the numbers.
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/conv.h"
#include "strata/nn/layers/conv_nd.h"
#include "strata/nn/layers/local_norm.h"
#include "strata/nn/layers/sequential.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/optim/update_batch_norm.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/golden_dump.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::nn {
namespace {

using testing::rule_tensor;
using testing::set_rule_weights;

void expect_golden(const std::string& name, const Tensor& y, double tolerance = 2e-6) {
  static const testing::GoldenDump dump("nn/conv_norm");
  dump.expect(name, y, tolerance);
}

const std::pair<const char*, PadMode> kModes[] = {{"zeros", PadMode::constant},
                                                  {"reflect", PadMode::reflect},
                                                  {"replicate", PadMode::replicate},
                                                  {"circular", PadMode::circular}};

/// The sizes between samples and channels.
Shape sizes(int axes) { return axes == 1 ? Shape{7} : axes == 2 ? Shape{6, 5} : Shape{4, 5, 3}; }

Shape inputs(int64_t samples, int axes, int64_t channels) {
  Shape shape{samples};
  for (const int64_t size : sizes(axes)) shape.push_back(size);
  shape.push_back(channels);
  return shape;
}

void expect_convolution(int axes, const std::string& mode, Module& layer) {
  set_rule_weights(layer);
  const std::string conv = "conv" + std::to_string(axes), name = conv + "." + mode;
  Tensor x = rule_tensor(conv + ".x", inputs(2, axes, 4)).set_requires_grad();
  const Tensor y = layer(x);
  backward(y, rule_tensor(conv + ".dy", y.shape()));
  expect_golden(name + ".y", y);
  expect_golden(name + ".dx", x.grad());
  // As in files: the weight's gradient takes the weight's place.
  const NoGrad no_grad;
  Tensor& weight = *layer.named_tensors()[0].tensor;
  copy_(weight, weight.grad());
  expect_golden(name + ".dw", state_dict(layer).at("weight"));
}

TEST(ConvLayers, PadAsPyTorch) {
  for (const auto& [name, mode] : kModes) {
    Conv1d one({.in = 4,
                .out = 6,
                .kernel = 3,
                .stride = 2,
                .padding = 2,
                .padding_mode = mode,
                .groups = 2});
    Conv2d two({.in = 4,
                .out = 6,
                .kernel = {3, 2},
                .padding = {2, 1},
                .padding_mode = mode,
                .groups = 2});
    Conv3d three({.in = 4,
                  .out = 6,
                  .kernel = {2, 3, 1},
                  .padding = {1, 2, 1},
                  .padding_mode = mode,
                  .groups = 2});
    expect_convolution(1, name, one);
    expect_convolution(2, name, two);
    expect_convolution(3, name, three);
  }
  Conv2d wide({.in = 1, .out = 1, .kernel = 3, .padding = 3, .padding_mode = PadMode::reflect});
  EXPECT_THROW(wide(ones({1, 3, 3, 1})), ShapeError);
}

/// Two batches in training and one in evaluation, then the statistics.
template <class Norm>
void expect_norm(const std::string& name, Norm& layer, const Shape& shape) {
  set_rule_weights(layer);
  for (int i = 0; i < 3; ++i) {
    if (i == 2) layer.eval();
    const std::string number = std::to_string(i);
    const Tensor x = rule_tensor(name + ".x" + number, shape) * (i + 1) + i;
    expect_golden(name + ".y" + number, layer(x), 5e-6);
  }
  expect_golden(name + ".mean", layer.running_mean);
  expect_golden(name + ".var", layer.running_var);
  expect_golden(name + ".batches", layer.num_batches_tracked);
}

TEST(NormLayers, KeepStatisticsAsPyTorch) {
  for (const int axes : {1, 2, 3}) {
    InstanceNorm layer({.channels = 3, .momentum = 0.3, .affine = true, .running = true});
    expect_norm("instance" + std::to_string(axes), layer, inputs(2, axes, 3));
  }
  BatchNorm1d rows({.channels = 3, .momentum = 0.3}), one({.channels = 3, .momentum = 0.3});
  BatchNorm2d two({.channels = 3, .momentum = 0.3});
  BatchNorm3d three({.channels = 3, .momentum = 0.3});
  expect_norm("rows", rows, {5, 3});
  expect_norm("batch1", one, inputs(2, 1, 3));
  expect_norm("batch2", two, inputs(2, 2, 3));
  expect_norm("batch3", three, inputs(2, 3, 3));
}

TEST(NormLayers, TakeTheirOwnRank) {
  BatchNorm1d one({.channels = 3});
  BatchNorm3d three({.channels = 3});
  EXPECT_EQ(one.type() + three.type(), "BatchNorm1dBatchNorm3d");
  EXPECT_EQ(testing::message<ShapeError>([&] {
              one(ones({2, 2, 2, 3}));
            }),
            "[BatchNorm1d] takes inputs of 2 or 3 axes, got f32[2, 2, 2, 3]");
  EXPECT_EQ(testing::message<ShapeError>([&] {
              three(ones({2, 2, 2, 3}));
            }),
            "[BatchNorm3d] takes inputs of 5 axes, got f32[2, 2, 2, 3]");
}

TEST(NormLayers, InstanceNormsAreSavedAsPyTorchs) {
  InstanceNorm layer({.channels = 2, .running = true});
  std::string names;
  for (const auto& [name, value] : state_dict(layer)) names += name + ":" + describe(value) + " ";
  EXPECT_EQ(names, "num_batches_tracked:i64[] running_mean:f32[2] running_var:f32[2] ");
  EXPECT_TRUE(layer.parameters().empty());
}

template <class Norm>
void expect_anew(int axes) {
  const std::string name = "anew" + std::to_string(axes);
  Sequential net(Norm({.channels = 3}), ReLU());
  set_rule_weights(net);
  int64_t samples[] = {2, 3, 5, 0};
  size_t at = 0;
  update_batch_norm(net, [&] {
    const int64_t n = samples[at++];
    return n ? rule_tensor(name + ".x" + std::to_string(n), inputs(n, axes, 3)) : Tensor();
  });
  auto& norm = dynamic_cast<Norm&>(*net.named_modules()[1].second);
  expect_golden(name + ".mean", norm.running_mean);
  expect_golden(name + ".var", norm.running_var);
}

TEST(NormLayers, TakeStatisticsAnewAsPyTorch) {
  expect_anew<BatchNorm1d>(1);
  expect_anew<BatchNorm2d>(2);
  expect_anew<BatchNorm3d>(3);
}

}  // namespace
}  // namespace strata::nn
