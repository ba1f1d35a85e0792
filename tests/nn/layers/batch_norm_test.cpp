#include "strata/nn/layers/batch_norm.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/layers/conv_norm.h"
#include "strata/nn/layers/dropout.h"
#include "strata/nn/layers/module_list.h"
#include "strata/nn/layers/pool.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

TEST(BatchNorm2d, FollowsTheBatchAndThenStandsStill) {
  BatchNorm2d layer({.channels = 2, .momentum = 0.25});
  const Tensor x = tensor<float>({1, 10, 3, 10, 5, 10, 7, 10}, {2, 2, 1, 2});
  const auto y = layer(x).to_vector<double>();
  const double unit = std::sqrt(5 + 1e-5);  // variance of 1, 3, 5, 7
  EXPECT_NEAR(y[0], -3 / unit, 1e-6);
  EXPECT_NEAR(y[6], 3 / unit, 1e-6);
  EXPECT_EQ(y[1], 0);
  EXPECT_NEAR(layer.running_mean.to_vector<double>()[0], 0.25 * 4, 1e-6);
  EXPECT_NEAR(layer.running_var.to_vector<double>()[0], 0.75 + 0.25 * 20 / 3, 1e-5) << "unbiased";
  EXPECT_EQ(layer.num_batches_tracked.item<int64_t>(), 1);
  layer.eval();
  EXPECT_NEAR(layer(x).to_vector<double>()[0], (1 - 1) / std::sqrt(0.75 + 0.25 * 20 / 3 + 1e-5),
              1e-6);
  EXPECT_EQ(layer.num_batches_tracked.item<int64_t>(), 1);
}

TEST(BatchNorm2d, CountsNoBatchThatItRefuses) {
  BatchNorm2d layer({.channels = 2, .cumulative = true});
  layer(randn({2, 2, 2, 2}));
  const uint32_t version = layer.num_batches_tracked.version();
  EXPECT_THROW(layer(randn({2, 2, 2, 3})), ShapeError);
  EXPECT_EQ(layer.num_batches_tracked.item<int64_t>(), 1);
  EXPECT_EQ(layer.num_batches_tracked.version(), version);
}

TEST(BatchNorm2d, IsSavedAsPyTorchDoes) {
  BatchNorm2d layer({.channels = 3});
  const StateDict state = state_dict(layer);
  std::string names;
  for (const auto& [name, value] : state) names += name + ":" + describe(value) + " ";
  EXPECT_EQ(names,
            "bias:f32[3] num_batches_tracked:i64[] running_mean:f32[3] running_var:f32[3] "
            "weight:f32[3] ");
  EXPECT_EQ(layer.parameters().size(), 2u);
  EXPECT_TRUE(BatchNorm2d({.channels = 3, .affine = false}).parameters().empty());
  EXPECT_EQ(testing::message<ValueError>([] { BatchNorm2d bad({}); }),
            "[BatchNorm2d] .channels must be given, at least 1");
}

TEST(BatchNorm2d, CumulativeWithoutRunningStatisticsDoesNothing) {
  BatchNorm2d layer({.channels = 2, .cumulative = true, .running = false});
  BatchNorm2d plain({.channels = 2, .running = false});
  const Tensor x = randn({2, 3, 1, 2});
  EXPECT_EQ(layer(x).to_vector<float>(), plain(x).to_vector<float>());
  layer.eval();
  EXPECT_EQ(layer(x).to_vector<float>(), plain(x).to_vector<float>());
  EXPECT_EQ(state_dict(layer).size(), 2u);
}

TEST(ConvNorm, GivesGradientsInEvaluationToo) {
  ConvNorm layer({.in = 2, .out = 3, .kernel = 3, .padding = 1});
  layer.conv.eval();
  layer.norm.eval();
  backward(sum(layer(randn({1, 4, 4, 2}))));
  EXPECT_TRUE(layer.conv.weight.grad().defined());
  EXPECT_TRUE(layer.norm.weight.grad().defined());
}

TEST(ConvNorm, TakesResidualsWithoutARelu) {
  ConvNorm plain({.in = 2, .out = 3, .kernel = 1, .relu = false}),
      active({.in = 2, .out = 3, .kernel = 1});
  const Tensor x = randn({2, 3, 4, 2}), r = randn({2, 3, 4, 3});
  plain.conv.eval();
  plain.norm.eval();
  const Tensor recorded = plain(x, r);
  const NoGrad no_grad;
  EXPECT_LE(testing::largest_difference(plain(x, r), recorded), 1e-6);
  EXPECT_EQ(testing::message<ValueError>([&] { active(x, r); }),
            "[ConvNorm] takes no residual behind a norm with a relu\n  hint: make it with .relu = "
            "false: the sum has one");
}

TEST(ConvNorm, EvaluatesInBf16) {
  ConvNorm layer({.in = 2, .out = 3, .kernel = 3});
  const Tensor x = randn({2, 4, 4, 2});
  layer.norm(layer.conv(x));
  layer.conv.eval();
  layer.norm.eval();
  const NoGrad no_grad;
  const auto want = layer(x).to_vector<float>();
  layer.conv.to(DType::bf16);
  layer.norm.to(DType::bf16);
  const Tensor y = layer(cast(x, DType::bf16));
  EXPECT_EQ(y.dtype(), DType::bf16);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(y.to_vector<float>()[i], want[i], 0.05f);
}

TEST(ConvNorm, TheNormIsCalledWhereSomebodyLooksOn) {
  struct Count final : CallObserver {
    int calls = 0;
    void enter(Module&) override { ++calls; }
    void leave(Module&, const Tensor&) override {}
  } count;
  ConvNorm layer({.in = 2, .out = 3, .kernel = 1});
  layer.conv.eval();
  layer.norm.eval();
  const NoGrad no_grad;
  const ObserverScope scope(count);
  layer(randn({1, 4, 4, 2}));
  EXPECT_EQ(count.calls, 2);
}

TEST(Dropout, IsOffInEvaluation) {
  Dropout layer({.p = 0.5});
  const Tensor x = ones({1000});
  const auto y = layer(x).to_vector<float>();
  const auto kept = std::count(y.begin(), y.end(), 2.0f);
  EXPECT_GT(kept, 400);
  EXPECT_LT(kept, 600);
  layer.eval();
  EXPECT_EQ(layer(x).to_vector<float>(), x.to_vector<float>());
  EXPECT_EQ(testing::message<ValueError>([] { Dropout bad({.p = 1.5}); }),
            "[Dropout] .p must be in [0, 1], got 1.5");
}

TEST(ModuleList, NamesByNumber) {
  ModuleList<BatchNorm2d> list;
  list.add(BatchNorm2dConfig{.channels = 1});
  list.add(BatchNorm2dConfig{.channels = 2, .affine = false});
  EXPECT_EQ(list.named_tensors().back().name, "1.num_batches_tracked");
  EXPECT_EQ(list[1].config().channels, 2);
}

TEST(AdaptivePools, TakeAnySize) {
  const Tensor x = tensor<float>({1, 2, 3, 4, 5, 6}, {1, 2, 3, 1});
  AdaptiveAvgPool2d mean;
  AdaptiveMaxPool2d largest({.size = {1, 2}});
  EXPECT_EQ(mean(x).to_vector<float>(), std::vector<float>({3.5}));
  EXPECT_EQ(largest(x).to_vector<float>(), std::vector<float>({5, 6}));
}

}  // namespace
}  // namespace strata::nn
