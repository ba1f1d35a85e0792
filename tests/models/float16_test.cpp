// Networks whose weights and inputs are f16 stay near those of the same values in f32.
#include <algorithm>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "models/generative/unet_parts.h"
#include "models/vision/lenet.h"
#include "models/vision/resnet.h"
#include "strata/autograd/backward.h"
#include "strata/base/random.h"
#include "strata/nn/init.h"
#include "strata/nn/layers/conv_nd.h"
#include "strata/nn/layers/conv_transpose.h"
#include "strata/nn/layers/embedding.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/pool_nd.h"
#include "strata/nn/layers/sequential.h"
#include "strata/nn/layers/transformer.h"
#include "strata/nn/layers/upsample.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/losses.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::models {
namespace {

class Float16 : public ::testing::Test {
 protected:
  Float16() { manual_seed(1); }
};

// Of the lengths of tensors.
constexpr double kTolerance = 5e-3;
// Of gradients where rounding may move a number across the kink of a relu or the largest of a
// window to a neighbour: a part of them changes altogether.
constexpr double kWithKinks = 1e-1;

Tensor normal(const Shape& shape, uint64_t seed = 1) {
  Generator g(seed);
  return randn(shape, 0, 1, DType::f32, kCpu, g);
}

/// A result, then the gradients of x and of the parameters.
std::vector<Tensor> answers(nn::Module& net, const Tensor& input, DType dtype,
                            const std::function<Tensor(const Tensor&)>& run) {
  net.to(dtype);
  net.zero_grad();
  const Tensor x = cast(input, dtype).detach().set_requires_grad();
  std::vector<Tensor> all{run(x)};
  backward(all[0], cast(normal(all[0].shape(), 7) + 1, all[0].dtype()));
  all.push_back(x.grad());
  for (const Tensor& p : net.parameters()) all.push_back(p.grad());
  return all;
}

double length(const Tensor& x) { return norm(cast(x, DType::f64)).item<double>(); }

void expect_near_f32(nn::Module& net, const Tensor& input,
                     const std::function<Tensor(const Tensor&)>& run,
                     double of_gradients = kTolerance) {
  const Tensor rounded = cast(input, DType::f16);
  const std::vector<Tensor> half = answers(net, rounded, DType::f16, run);
  const std::vector<Tensor> full = answers(net, rounded, DType::f32, run);
  double longest = 0;
  for (size_t i = 1; i < full.size(); ++i) longest = std::max(longest, length(full[i]));
  EXPECT_EQ(half[0].dtype(), DType::f16);
  EXPECT_LE(length(half[0] - full[0]), kTolerance * length(full[0]));
  for (size_t i = 1; i < full.size(); ++i) {
    EXPECT_EQ(half[i].dtype(), DType::f16) << i;
    // Some gradients are 0 but for rounding, such as those of the keys' biases.
    const double scale = std::max(length(full[i]), longest / 10);
    EXPECT_LE(length(half[i] - full[i]), of_gradients * scale) << i;
  }
}

TEST_F(Float16, LeNet5) {
  LeNet5 net;
  const Tensor target = reshape(expand(arange(8, DType::i64), {4, 8}), {32});
  expect_near_f32(
      net, normal({32, 28, 28, 1}), [&](const Tensor& x) { return cross_entropy(net(x), target); },
      kWithKinks);
}

TEST_F(Float16, ResidualBlocks) {
  for (const bool bottleneck : {false, true}) {
    ResidualBlock net(16, 8, 2, bottleneck);
    for (const bool training : {true, false}) {
      net.train(training);
      expect_near_f32(
          net, normal({32, 8, 8, 16}), [&](const Tensor& x) { return net(x); }, kWithKinks);
    }
    const NoGrad no_grad;  // where norms are part of the weights
    net.to(DType::f16);
    EXPECT_EQ(net(ones({1, 4, 4, 16}, DType::f16)).dtype(), DType::f16);
  }
}

/// A block and attention at half the resolution, and back by both ways of doubling.
class SmallUNet final : public nn::Module {
 public:
  SmallUNet() {
    for (UNetBlock* block : {&down, &up}) nn::init::kaiming_uniform(block->conv2.weight);
  }
  std::string type() const override { return "SmallUNet"; }
  void members(nn::Visitor& v) override {
    v("time", time)("down", down)("halve", halve)("attention", attention);
    v("doubled", doubled)("up", up);
  }
  Tensor forward(const Tensor& x) override {
    const Tensor t = silu(time(tensor<int64_t>({1, 30})));
    const Tensor fine = down(x, t), coarse = attention(halve(fine));
    return up(concat({fine, doubled(coarse), upsampled(coarse)}, -1), t);
  }

  TimeEmbedding time{{.waves = 8, .width = 8}};
  UNetBlock down{{.in = 4, .out = 8, .time_width = 8, .groups = 2}};
  nn::Conv2d halve{{.in = 8, .out = 8, .kernel = 3, .stride = 2, .padding = 1}};
  UNetAttention attention{{.channels = 8, .groups = 2}};
  nn::ConvTranspose2d doubled{{.in = 8, .out = 8, .kernel = 2, .stride = 2}};
  nn::Upsample upsampled{{.scale = 2.0, .mode = UpsampleMode::bilinear}};
  UNetBlock up{{.in = 24, .out = 4, .time_width = 8, .groups = 2}};
};

TEST_F(Float16, UNet) {
  SmallUNet net;
  expect_near_f32(net, normal({2, 8, 8, 4}), [&](const Tensor& x) { return net(x); });
}

TEST_F(Float16, Transformer) {
  nn::TransformerLayerConfig layer{.width = 8,
                                   .heads = 2,
                                   .feedforward = 16,
                                   .dropout = 0,
                                   .activation = nn::Activation::gelu_erf};
  for (const bool norm_first : {false, true}) {
    layer.norm_first = norm_first;
    nn::Transformer net({.layer = layer, .encoder_layers = 1, .decoder_layers = 1});
    expect_near_f32(net, normal({16, 9, 8}), [&](const Tensor& x) {
      return net(x, slice(x, 1, 0, 8), {.tgt = {.causal = true}});
    });
  }
  nn::Sequential words(nn::Embedding({.count = 9, .width = 8}), nn::TransformerEncoderLayer(layer),
                       nn::Linear({.in = 8, .out = 9}));
  const Tensor ids = tensor<int64_t>({{1, 2, 8}, {0, 2, 3}});
  expect_near_f32(words, ones({1}),
                  [&](const Tensor& x) { return cross_entropy(words(ids), ids) * x; });
}

TEST_F(Float16, SequencesAndVolumes) {
  nn::Sequential sequence(nn::Conv1d({.in = 3, .out = 6, .kernel = 3, .padding = 1, .groups = 3}),
                          nn::AvgPool1d({.kernel = 2}),
                          nn::ConvTranspose1d({.in = 6, .out = 4, .kernel = 3}),
                          nn::AvgPool1d({.kernel = 2}));
  expect_near_f32(sequence, normal({2, 12, 3}), [&](const Tensor& x) { return sequence(x); });
  nn::Sequential volume(nn::Conv3d({.in = 2, .out = 4, .kernel = 3, .padding = 1}),
                        nn::AvgPool3d({.kernel = 2}),
                        nn::ConvTranspose3d({.in = 4, .out = 3, .kernel = 2, .stride = 2}),
                        nn::AvgPool3d({.kernel = 3, .stride = 1}),
                        nn::Upsample({.scale = 2.0, .mode = UpsampleMode::trilinear}));
  expect_near_f32(volume, normal({2, 4, 6, 4, 2}), [&](const Tensor& x) { return volume(x); });
}

}  // namespace
}  // namespace strata::models
