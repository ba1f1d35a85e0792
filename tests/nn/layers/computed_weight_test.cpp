// WeightNorm and SpectralNorm, and what they share.
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/nn/init.h"
#include "strata/nn/layers/conv.h"
#include "strata/nn/layers/conv_nd.h"
#include "strata/nn/layers/conv_transpose.h"
#include "strata/nn/layers/embedding.h"
#include "strata/nn/layers/layer_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/spectral_norm.h"
#include "strata/nn/layers/weight_norm.h"
#include "strata/nn/summary.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/linalg.h"
#include "strata/ops/reduce.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/default_device.h"
#include "tests/support/difference.h"
#include "tests/support/golden_dump.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::nn {
namespace {

using strata::testing::GoldenDump;
using strata::testing::largest_difference;
using strata::testing::largest_value;
using strata::testing::message;
using strata::testing::rule_tensor;

double difference(const Tensor& a, const Tensor& b) {
  return strata::testing::relative_difference(a, b, /*least_scale=*/1);
}

Linear linear_layer() { return Linear({.in = 5, .out = 7}); }
Conv1d conv1d_layer() { return Conv1d({.in = 4, .out = 6, .kernel = 3, .dilation = 2}); }
Conv2d conv2d_layer() { return Conv2d({.in = 4, .out = 6, .kernel = {3, 2}, .groups = 2}); }
Conv3d conv3d_layer() { return Conv3d({.in = 2, .out = 3, .kernel = {1, 2, 3}}); }
ConvTranspose1d transposed1d_layer() {
  return ConvTranspose1d({.in = 4, .out = 3, .kernel = 4, .stride = 2});
}
ConvTranspose2d transposed2d_layer() {
  return ConvTranspose2d({.in = 4, .out = 6, .kernel = {3, 2}, .groups = 2});
}
Embedding embedding_layer() { return Embedding({.count = 6, .width = 4}); }

/// A training call with its gradients, a second one, and one in evaluation, against the dump.
void expect_golden(const GoldenDump& golden, const std::string& key, Module&& layer, Tensor x) {
  strata::testing::set_rule_weights(layer);
  if (is_floating(x.dtype())) x.set_requires_grad();
  const Tensor y = layer(x);
  golden.expect(key + ".y", y, 2e-6);
  backward(sum(y * rule_tensor("dy", y.shape())));
  if (x.requires_grad()) golden.expect(key + ".grad.x", x.grad(), 5e-6);
  golden.expect_gradients(key + ".grad.", layer, 1e-5);
  layer(x);
  layer.eval();
  golden.expect_state(key + ".state.", layer, 2e-6);
  golden.expect(key + ".eval.y", layer(x), 5e-6);
  const NoGrad no_grad;
  for (int i = 0; i < 2; ++i) golden.expect(key + ".eval.y", layer(x), 5e-6);
}

Tensor x_of(const Shape& shape) { return rule_tensor("x", shape); }
Tensor ids() { return strata::testing::rule_integers("x", {2, 5}, 6); }

TEST(WeightNorm, EqualsPyTorch) {
  const GoldenDump golden("nn/weight_norm");
  expect_golden(golden, "Linear", WeightNorm(linear_layer()), x_of({3, 5}));
  expect_golden(golden, "Conv1d", WeightNorm(conv1d_layer()), x_of({2, 9, 4}));
  expect_golden(golden, "Conv2d", WeightNorm(conv2d_layer()), x_of({2, 5, 4, 4}));
  expect_golden(golden, "Conv3d", WeightNorm(conv3d_layer()), x_of({1, 2, 3, 4, 2}));
  expect_golden(golden, "ConvTranspose1d", WeightNorm(transposed1d_layer()), x_of({2, 5, 4}));
  expect_golden(golden, "ConvTranspose2d", WeightNorm(transposed2d_layer()), x_of({1, 3, 4, 4}));
  expect_golden(golden, "Embedding", WeightNorm(embedding_layer()), ids());
  expect_golden(golden, "Conv2d.whole", WeightNorm(conv2d_layer(), {.axis = {}}),
                x_of({2, 5, 4, 4}));
  expect_golden(golden, "Conv2d.dim1", WeightNorm(conv2d_layer(), {.axis = 1}), x_of({2, 5, 4, 4}));
  expect_golden(golden, "Conv2d.dim3", WeightNorm(conv2d_layer(), {.axis = 3}), x_of({2, 5, 4, 4}));
  expect_golden(golden, "Linear.dim1", WeightNorm(linear_layer(), {.axis = 1}), x_of({3, 5}));
  expect_golden(golden, "Conv1d.old", WeightNorm(conv1d_layer(), {.old_names = true}),
                x_of({2, 9, 4}));
}

TEST(SpectralNorm, EqualsPyTorch) {
  const GoldenDump golden("nn/spectral_norm");
  expect_golden(golden, "Linear", SpectralNorm(linear_layer()), x_of({3, 5}));
  expect_golden(golden, "Conv1d", SpectralNorm(conv1d_layer()), x_of({2, 9, 4}));
  expect_golden(golden, "Conv2d", SpectralNorm(conv2d_layer()), x_of({2, 5, 4, 4}));
  expect_golden(golden, "Conv3d", SpectralNorm(conv3d_layer()), x_of({1, 2, 3, 4, 2}));
  expect_golden(golden, "ConvTranspose1d", SpectralNorm(transposed1d_layer()), x_of({2, 5, 4}));
  expect_golden(golden, "ConvTranspose2d", SpectralNorm(transposed2d_layer()), x_of({1, 3, 4, 4}));
  expect_golden(golden, "Embedding", SpectralNorm(embedding_layer()), ids());
  expect_golden(golden, "Conv2d.dim1", SpectralNorm(conv2d_layer(), {.axis = 1}),
                x_of({2, 5, 4, 4}));
  expect_golden(golden, "Conv2d.dim2", SpectralNorm(conv2d_layer(), {.iterations = 3, .axis = 2}),
                x_of({2, 5, 4, 4}));
  expect_golden(golden, "Conv2d.old", SpectralNorm(conv2d_layer(), {.old_names = true}),
                x_of({2, 5, 4, 4}));
  expect_golden(golden, "ConvTranspose2d.old",
                SpectralNorm(transposed2d_layer(), {.old_names = true}), x_of({1, 3, 4, 4}));
}

TEST(WeightNorm, StartsFromTheLayersWeight) {
  Conv2d layer = conv2d_layer();
  const Tensor x = randn({1, 5, 4, 4}), y = layer(x);
  WeightNorm normed(std::move(layer));
  EXPECT_EQ(normed.type(), "WeightNorm(Conv2d)");
  EXPECT_EQ(normed.parameters().size(), 3u);
  EXPECT_LE(difference(normed(x), y), 1e-6);
  Conv2d plain = std::move(normed).plain();
  EXPECT_EQ(plain.parameters().size(), 2u);
  EXPECT_LE(difference(plain(x), y), 1e-6);
  backward(sum(plain(x)));
  EXPECT_TRUE(plain.weight.grad().defined());
}

TEST(WeightNorm, ANumberIsItsOwnLength) {
  WeightNorm layer(LayerNorm({.shape = {4}}));
  {
    const NoGrad no_grad;
    copy_(layer.v(), tensor<float>({2, -1, 0.5, -4}));
  }
  EXPECT_EQ(layer.g().shape(), (Shape{4}));
  EXPECT_EQ(layer.weight().to_vector<double>(), (std::vector<double>{1, -1, 1, -1}));
}

TEST(SpectralNorm, StartsNearTheLargestSingularValue) {
  SpectralNorm layer(Linear({.in = 20, .out = 9}));
  EXPECT_NEAR(largest_value(svd(layer.weight()).s), 1, 0.05);
}

// SpectralNorm's buffers are f32 beside halves, so that steps are not lost.
TEST(ComputedWeight, FollowsTheModulesDType) {
  const Tensor x = randn({3, 5});
  for (const DType dtype : {DType::f64, DType::bf16}) {
    WeightNorm normed(linear_layer());
    SpectralNorm spectral(linear_layer());
    spectral.eval();
    const NoGrad no_grad;
    const Tensor y = normed(x), z = spectral(x);
    normed.to(dtype);
    spectral.to(dtype);
    EXPECT_EQ(spectral.u().dtype(), dtype == DType::f64 ? dtype : DType::f32);
    const Tensor there = cast(x, dtype);
    EXPECT_EQ(normed(there).dtype(), dtype);
    const double tolerance = dtype == DType::f64 ? 1e-6 : 0.02;
    EXPECT_LE(difference(cast(normed(there), DType::f32), y), tolerance);
    EXPECT_LE(difference(cast(spectral(there), DType::f32), z), tolerance);
  }
}

TEST(ComputedWeight, FollowsWritesWhileNothingIsRecorded) {
  WeightNorm layer(linear_layer());
  const NoGrad no_grad;
  const Tensor x = randn({3, 5}), before = layer(x);
  copy_(layer.g(), layer.g() * 2);
  const Tensor bias = layer.parameters()[0];
  EXPECT_LE(difference(layer(x) - bias, 2 * (before - bias)), 1e-6);
}

TEST(SpectralNorm, TwoCallsBeforeTheWayBackAreSound) {
  SpectralNorm layer(linear_layer());
  const Tensor a = layer(randn({3, 5})), b = layer(randn({3, 5}));
  backward(sum(a) - sum(b));
  EXPECT_TRUE(layer.original().grad().defined());
  layer.eval();
  const Tensor c = layer(randn({3, 5}));
  layer.train();
  layer(randn({3, 5}));
  EXPECT_NO_THROW(backward(sum(c)));
}

TEST(SpectralNorm, EvaluationLeavesItsVectorsAlone) {
  SpectralNorm layer(conv2d_layer());
  const Tensor x = randn({1, 5, 4, 4}), before = copy(layer.u());
  layer.eval();
  layer(x);
  EXPECT_EQ(largest_difference(layer.u(), before), 0);
  layer.train();
  const NoGrad no_grad;
  layer(x);
  EXPECT_GT(largest_difference(layer.u(), before), 0);
}

TEST(ComputedWeight, KeepsNoGraphAlive) {
  WeightNorm layer(linear_layer());
  EXPECT_FALSE(([&] {
    const Tensor y = layer(randn({3, 5}));
    return layer.v().owns_memory();
  }()));
  EXPECT_TRUE(layer.v().owns_memory());
}

TEST(ComputedWeight, ManyThreadsMayEvaluateAtOnce) {
  WeightNorm layer(linear_layer());
  layer.eval();
  const Tensor x = randn({3, 5});
  std::vector<Tensor> ys(4);
  std::vector<std::thread> threads;
  for (Tensor& y : ys) {
    threads.emplace_back([&] {
      const NoGrad no_grad;
      y = layer(x);
    });
  }
  for (std::thread& t : threads) t.join();
  for (const Tensor& y : ys) EXPECT_EQ(largest_difference(y, ys[0]), 0);
}

/// Takes its time, and counts the calls in which the weight did not stand still.
struct Slow final : Module {
  Tensor weight = tensor<float>({1, -2, 3, 4}).set_requires_grad();
  std::shared_ptr<std::atomic<int>> disturbed = std::make_shared<std::atomic<int>>(0);

  std::string type() const override { return "Slow"; }
  void members(Visitor& v) override { v("weight", weight); }
  Tensor forward(const Tensor& x) override {
    const Tensor before = weight;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (!weight.same_as(before)) ++*disturbed;
    return x * before;
  }
};

TEST(ComputedWeight, ManyThreadsMayEvaluateWhileOneRecords) {
  Slow slow;
  const auto disturbed = slow.disturbed;
  WeightNorm layer(std::move(slow));
  const Tensor x = randn({3, 4}), want = layer(x).detach();
  constexpr int kCalls = 20;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (const bool records : {true, false, false}) {
    threads.emplace_back([&, records] {
      const GradMode mode(records);
      for (int i = 0; i < kCalls; ++i) {
        const Tensor y = layer(x);
        wrong += largest_difference(y.detach(), want) != 0;
        if (records) backward(sum(y));
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(*disturbed, 0);
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(layer.g().grad().defined());
}

TEST(SpectralNorm, LeavesUnwrittenWeightsAlone) {
  manual_seed(3);
  SpectralNorm written(linear_layer());
  const uint64_t after = default_generator().stream;
  manual_seed(3);
  const init::UnwrittenScope scope;
  SpectralNorm layer(linear_layer());
  EXPECT_EQ(layer.u().version(), 0u);
  EXPECT_EQ(layer.v().version(), 0u);
  EXPECT_EQ(default_generator().stream, after);
}

TEST(ComputedWeight, TakesMetaTensorsAndIsSummarized) {
  SpectralNorm<Conv2d> layer = [] {
    const DeviceScope meta(kMeta);
    return SpectralNorm(conv2d_layer());
  }();
  EXPECT_EQ(layer(empty({2, 5, 4, 4}, DType::f32, kMeta)).shape(), (Shape{2, 3, 3, 6}));
  WeightNorm normed(conv2d_layer());
  const Summary s = summarize(normed, {1, 5, 4, 4});
  ASSERT_EQ(s.layers.size(), 1u);
  EXPECT_EQ(s.layers[0].type, "WeightNorm(Conv2d)");
  EXPECT_EQ(s.parameters, 6 * 12 + 6 + 6);
}

TEST(ComputedWeight, SaysWhatIsWrong) {
  EXPECT_EQ(message<ValueError>([] { WeightNorm w(linear_layer(), {.axis = 2}); }),
            "[WeightNorm] .axis 2 is none of the weight of Linear, f32[7, 5]");
  EXPECT_EQ(message<ValueError>([] { SpectralNorm w(conv1d_layer(), {.axis = -1}); }),
            "[SpectralNorm] .axis -1 is none of the weight of Conv1d, f32[6, 3, 4]");
  EXPECT_EQ(message<ValueError>([] { SpectralNorm w(linear_layer(), {.iterations = 0}); }),
            "[SpectralNorm] .iterations 0 is below 1");
  EXPECT_EQ(message<ValueError>([] { SpectralNorm w(LayerNorm({.shape = {4}})); }),
            "[SpectralNorm] the weight of LayerNorm, f32[4], is no matrix");
  EXPECT_EQ(message<ValueError>([] {
              Linear layer = linear_layer();
              layer.weight = empty({0, 5});
              SpectralNorm w(std::move(layer));
            }),
            "[SpectralNorm] the weight of Linear, f32[0, 5], is empty");
}

}  // namespace
}  // namespace strata::nn
