#include "strata/optim/ema.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/sequential.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/optim/update_batch_norm.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"

namespace strata {
namespace {

std::vector<Tensor> make_params() {
  Generator g(4);
  return {randn({7}, 0, 1, DType::f64, kCpu, g).set_requires_grad(),
          randn({3, 20001}, 0, 1, DType::f32, kCpu, g).set_requires_grad()};
}

void change(std::vector<Tensor>& params, uint64_t step) {
  Generator g(100 + step);
  const NoGrad no_grad;
  for (Tensor& p : params) copy_(p, randn(p.shape(), 0, 1, p.dtype(), kCpu, g));
}

std::vector<double> values(const std::vector<Tensor>& tensors) {
  std::vector<double> out;
  for (const Tensor& t : tensors) {
    const auto v = t.to_vector<double>();
    out.insert(out.end(), v.begin(), v.end());
  }
  return out;
}

TEST(EMA, FollowsTheFormula) {
  for (const bool warm_up : {false, true}) {
    auto params = make_params();
    EMA ema(params, {.decay = 0.6, .warm_up = warm_up});
    std::vector<double> wanted = values(params);
    for (int step = 1; step <= 20; ++step) {
      change(params, static_cast<uint64_t>(step));
      ema.update();
      const double decay = warm_up ? std::min(0.6, (1.0 + step) / (10.0 + step)) : 0.6;
      const auto now = values(params);
      for (size_t i = 0; i < now.size(); ++i) wanted[i] = decay * wanted[i] + (1 - decay) * now[i];
    }
    const auto got = values(ema.averages());
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], wanted[i], i < 7 ? 1e-14 : 1e-6);
    }
    EXPECT_EQ(ema.updates(), 20);
  }
}

TEST(EMA, EqualWeightsGiveTheMean) {
  auto params = make_params();
  EMA swa(params, {.equal = true});
  std::vector<double> sums(values(params).size());
  for (int step = 1; step <= 20; ++step) {
    change(params, static_cast<uint64_t>(step));
    if (step == 7) {
      const OptimizerState state = swa.state();
      swa = EMA(params, {.equal = true});
      swa.load_state(state);
    }
    swa.update();
    const auto now = values(params);
    if (step == 1) {
      EXPECT_EQ(values(swa.averages()), now);
    }
    for (size_t i = 0; i < now.size(); ++i) sums[i] += now[i];
  }
  const auto got = values(swa.averages());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], sums[i] / 20, i < 7 ? 1e-14 : 1e-6);
}

TEST(EMA, BatchNormsTakeTheMeanOverTheBatches) {
  nn::Sequential net(nn::BatchNorm2d({.channels = 3, .momentum = 0.3}), nn::ReLU());
  auto& norm = dynamic_cast<nn::BatchNorm2d&>(*net.named_modules()[1].second);
  fill_(norm.running_mean, 77);
  net.eval();
  net[1].train();
  Generator g(6);
  std::vector<Tensor> batches;
  for (const int64_t n : {2, 3, 5}) {
    batches.push_back(randn({n, 4, 5, 3}, 2, 3, DType::f32, kCpu, g));
  }
  size_t at = 0;
  update_batch_norm(net, [&] { return at < batches.size() ? batches[at++] : Tensor(); });
  std::vector<double> means(3), vars(3);
  for (const Tensor& b : batches) {
    const auto m = mean(b, {0, 1, 2}).to_vector<double>(),
               v = var(b, {0, 1, 2}).to_vector<double>();
    for (size_t c = 0; c < 3; ++c) means[c] += m[c] / 3, vars[c] += v[c] / 3;
  }
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(norm.running_mean.to_vector<double>()[c], means[c], 1e-5);
    EXPECT_NEAR(norm.running_var.to_vector<double>()[c], vars[c], 1e-4);
  }
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 3);
  EXPECT_EQ(norm.momentum(), 0.3);
  EXPECT_FALSE(net.training() || norm.training());
  EXPECT_TRUE(net[1].training());
}

TEST(EMA, SwapsForthAndBack) {
  auto params = make_params();
  EMA ema(params);
  const auto first = values(params);
  change(params, 1);
  const auto second = values(params);
  const uint32_t version = params[0].version();
  ema.swap();
  EXPECT_EQ(values(params), first);
  EXPECT_GT(params[0].version(), version);
  EXPECT_THROW(ema.update(), ValueError);
  EXPECT_THROW(ema.state(), ValueError);
  ema.swap();
  EXPECT_EQ(values(params), second);
  EXPECT_EQ(values(ema.averages()), first);
  EXPECT_FALSE(ema.swapped());
}

TEST(EMA, GoesOnFromAStateInTheSameBitsOnAnyThreadCount) {
  const int before = thread_count();
  auto params = make_params();
  EMA unbroken(params, {.decay = 0.9, .warm_up = true});
  for (uint64_t step = 0; step < 6; ++step) {
    change(params, step);
    unbroken.update();
  }
  for (const int threads : {1, 2, 3, 4}) {
    set_thread_count(threads);
    auto again = make_params();
    EMA first(again, {.decay = 0.9, .warm_up = true});
    for (uint64_t step = 0; step < 3; ++step) {
      change(again, step);
      first.update();
    }
    EMA second(again, {.decay = 0.9, .warm_up = true});
    second.load_state(first.state());
    for (uint64_t step = 3; step < 6; ++step) {
      change(again, step);
      second.update();
    }
    EXPECT_EQ(values(second.averages()), values(unbroken.averages()));
  }
  set_thread_count(before);
}

TEST(EMA, ParametersThatWereConvertedAreSaidAndNotWrittenTo) {
  for (const DType dtype : {DType::f64, DType::bf16}) {
    nn::Linear net({.in = 3, .out = 2});
    EMA ema(net.parameters(), {.decay = 0.5});
    const auto first = values(ema.averages());
    const OptimizerState state = ema.state();
    net.to(dtype);
    const auto present = values(net.parameters());
    const auto text = std::string("[EMA] parameter 0 is ") + describe(net.weight) +
                      ", its average f32\n"
                      "  hint: make the averages after Module::to(), or convert back";
    EXPECT_EQ(testing::message<DTypeError>([&] { ema.update(); }), text);
    EXPECT_EQ(testing::message<DTypeError>([&] { ema.swap(); }), text);
    EXPECT_EQ(testing::message<DTypeError>([&] { ema.load_state(state); }), text);
    EXPECT_FALSE(ema.swapped());
    EXPECT_EQ(values(net.parameters()), present);
    EXPECT_EQ(values(ema.averages()), first);
    net.to(DType::f32);
    ema.update();
  }
}

TEST(EMA, SwapsBackWhatWasConvertedInBetween) {
  nn::Linear net({.in = 3, .out = 2});
  EMA ema(net.parameters());
  const auto first = values(net.parameters());
  std::vector<Tensor> params = net.parameters();
  change(params, 1);
  const auto second = values(params);
  {
    const AveragedScope averaged(&ema);
    net.to(DType::f64);
    EXPECT_EQ(values(params), first);
  }
  EXPECT_EQ(values(params), second);
  EXPECT_EQ(values(ema.averages()), first);
}

TEST(EMA, ParametersWithOtherMemoryAreSaidAndNotWrittenTo) {
  Tensor p = ones({2, 3}).set_requires_grad();
  EMA ema({p});
  const OptimizerState state = ema.state();
  const std::string text =
      "[EMA] parameter 0, f32[2, 3], is not contiguous\n  hint: use contiguous() before set_data()";
  for (const Tensor& value : {expand(full({1}, 5), {2, 3}), transpose(full({3, 2}, 5), 0, 1)}) {
    p.set_data(value);
    EXPECT_EQ(testing::message<ShapeError>([&] { ema.update(); }), text);
    EXPECT_EQ(testing::message<ShapeError>([&] { ema.swap(); }), text);
    EXPECT_EQ(testing::message<ShapeError>([&] { ema.load_state(state); }), text);
  }
  p.set_data(empty({2, 3}, DType::f32, kMeta));
  EXPECT_EQ(testing::message<DeviceError>([&] { ema.update(); }),
            "[EMA] parameter 0 is on meta, its average on cpu");
  EXPECT_FALSE(ema.swapped());
  EXPECT_EQ(values(ema.averages()), std::vector<double>(6, 1));
  p.set_data(full({2, 3}, 5));
  ema.swap();
  EXPECT_EQ(values({p}), std::vector<double>(6, 1));
}

TEST(EMA, TheWayBackLeavesWhatItCannotExchange) {
  Tensor first = ones({2, 3}).set_requires_grad(), second = ones({4}), third = ones({2});
  EMA ema({first, second, third});
  fill_(second, 3);
  const Tensor row = full({1}, 5);
  {
    const AveragedScope averaged(&ema);
    first.set_data(expand(row, {2, 3}));
    third.set_data(empty({2}, DType::f32, kMeta));
  }
  EXPECT_FALSE(ema.swapped());
  EXPECT_EQ(row.item<float>(), 5);
  EXPECT_EQ(values({first}), std::vector<double>(6, 5));
  EXPECT_EQ(values({second}), std::vector<double>(4, 3));
  EXPECT_EQ(values({ema.averages()[1]}), std::vector<double>(4, 1));
  EXPECT_THROW(ema.update(), ShapeError);
}

TEST(EMA, RefusesWhatDoesNotFit) {
  EXPECT_THROW(EMA(std::vector<Tensor>{}), ValueError);
  EXPECT_THROW(EMA(make_params(), {.decay = 1}), ValueError);
  EXPECT_THROW(EMA({zeros({2}, DType::i64)}), DTypeError);
  const Tensor buffer = zeros({2});
  EXPECT_EQ(testing::message<ValueError>([&] {
              EMA({ones({2}), buffer, buffer});
            }),
            "[EMA] parameter 2 occurs twice");
  EXPECT_NO_THROW(EMA({zeros({0}), zeros({0})}));
  EXPECT_THROW(EMA({transpose(zeros({2, 3}), 0, 1)}), ShapeError);
  EMA ema(make_params());
  const OptimizerState good = ema.state();
  OptimizerState bad = good;
  bad.tensors["ema.0"] = zeros({8}, DType::f64);
  EXPECT_THROW(ema.load_state(bad), ShapeError);
  bad.tensors["ema.0"] = zeros({7}, DType::f32);
  EXPECT_THROW(ema.load_state(bad), DTypeError);
  bad.tensors.erase("ema.0");
  EXPECT_THROW(ema.load_state(bad), ValueError);
  bad = good;
  bad.tensors["ema.7"] = zeros({8});
  EXPECT_THROW(ema.load_state(bad), ValueError);
  bad = good;
  bad.numbers["ema.updates"] = -1;
  EXPECT_THROW(ema.load_state(bad), ValueError);
  ema.load_state(good);
}

}  // namespace
}  // namespace strata
