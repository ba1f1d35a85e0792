// NaN in the data, a learning rate that explodes, infinity in bf16: the run stops, names the place,
// and the last good checkpoint goes on to the end of a run that met none of it.
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/sequential.h"
#include "strata/nn/precision.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/losses.h"
#include "strata/optim/sgd.h"
#include "strata/train/checkpoint.h"
#include "strata/train/fit.h"
#include "strata/train/supervised.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::train {
namespace {

using testing::message;
using testing::slurp;
using testing::TempFolder;

constexpr int64_t kBatches = 5;  // of an epoch

TensorDataset points() {
  manual_seed(8);
  return TensorDataset(randn({40, 3}), randint(0, 2, {40}));
}

/// A small training whose batches and learning rates can be tampered with.
struct SmallRun {
  explicit SmallRun(Transform transform = {}, Schedule rate = schedules::constant(0.05))
      : net([] {
          manual_seed(3);
          return nn::Sequential(nn::Linear({.in = 3, .out = 8}), nn::Tanh(),
                                nn::Linear({.in = 8, .out = 2}));
        }()),
        training(net, std::make_unique<SGD>(net.parameters(), SGDConfig{.lr = 0.05}),
                 std::make_shared<TensorDataset>(points()),
                 std::make_shared<TensorDataset>(points()),
                 {.batch = 8,
                  .seed = 4,
                  .loss = [](const Tensor& y, const Tensor& t) { return cross_entropy(y, t); },
                  .schedule = [rate](int64_t) { return rate; },
                  .transform = std::move(transform)}) {}

  nn::Sequential net;
  Supervised training;
};

FitOptions options(const TempFolder& folder, bool resume = false) {
  return {.epochs = 3, .run_dir = folder.path(), .resume = resume, .checkpoint_seconds = 0};
}

void expect_finite(const TensorMap& tensors) {
  for (const auto& [name, value] : tensors) {
    for (const double v : value.to_vector<double>()) ASSERT_TRUE(std::isfinite(v)) << name;
  }
}

/// The checkpoint in the folder is that after `step` steps, is finite, and goes on to the end of a
/// run that was never disturbed.
void expect_good_checkpoint(const TempFolder& folder, int64_t step) {
  SmallRun whole, rest;
  fit(whole.training, {.epochs = 3});
  const auto state = load_checkpoint(folder.path(), rest.training);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->step, step);
  expect_finite(nn::state_dict(rest.net));
  expect_finite(load_safetensors(checkpoint_path(folder.path())));
  fit(rest.training, options(folder, true));
  const auto wanted = nn::state_dict(whole.net), got = nn::state_dict(rest.net);
  for (const auto& [name, value] : wanted) {
    EXPECT_EQ(got.at(name).to_vector<float>(), value.to_vector<float>()) << name;
  }
}

/// Writes `value` into the batch of step `step`.
Transform spoiled_at(int step, float value) {
  return [step, value, seen = 0](Batch b, Generator&) mutable {
    if (++seen == step) {
      b.x = copy(b.x);
      b.x.data<float>()[4] = value;
    }
    return b;
  };
}

TEST(SpoiledNumbers, BadDataStopsTheRunBeforeItsStep) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {kNaN, kInfinity, -kInfinity}) {
    const TempFolder folder;
    SmallRun run(spoiled_at(8, bad));
    const std::string said = message<NumericError>([&] { fit(run.training, options(folder)); });
    EXPECT_NE(said.find("at step 8 (epoch 2, batch 3)"), std::string::npos) << said;
    EXPECT_NE(said.find("layer 0 (Linear) is the first to give"), std::string::npos) << said;
    expect_finite(nn::state_dict(run.net));
    expect_good_checkpoint(folder, 7);
  }
}

/// 0.05 but for one step.
Schedule explodes_at(int64_t step, double rate) {
  return [step, rate](int64_t s) { return s == step - 1 ? rate : 0.05; };
}

TEST(SpoiledNumbers, AStepBeyondAllFloatsIsNotSaved) {
  // At the end of an epoch, within one, and at the end of the run.
  for (const int64_t step : {kBatches, kBatches + 3, 3 * kBatches}) {
    const TempFolder folder;
    SmallRun run({}, explodes_at(step, 1e39));
    const std::string said = message<NumericError>([&] { fit(run.training, options(folder)); });
    EXPECT_NE(said.find("parameter 0.weight holds"), std::string::npos) << said;
    EXPECT_NE(said.find("a lower learning rate"), std::string::npos) << said;
    EXPECT_FALSE(std::filesystem::exists(weights_path(folder.path())));
    expect_good_checkpoint(folder, step - 1);
  }
}

TEST(SpoiledNumbers, ARateThatGrowsEndsTheRunWithFiniteWeightsOnDisk) {
  const TempFolder folder;
  SmallRun run({}, [](int64_t step) { return std::pow(10.0, 3.0 * static_cast<double>(step)); });
  const std::string said = message<NumericError>([&] { fit(run.training, options(folder)); });
  EXPECT_TRUE(said.find("layer ") != std::string::npos ||
              said.find("parameter ") != std::string::npos ||
              said.find("the gradient of ") != std::string::npos)
      << said;
  SmallRun loaded;
  ASSERT_TRUE(load_checkpoint(folder.path(), loaded.training).has_value());
  expect_finite(nn::state_dict(loaded.net));
}

TEST(SpoiledNumbers, InfinityInBf16NamesTheLayer) {
  const nn::PrecisionScope precision(DType::bf16);
  constexpr float kAboveBf16 = 3.4e38f;  // finite in f32, infinite once rounded to bf16
  const TempFolder folder;
  SmallRun run(spoiled_at(8, kAboveBf16));
  std::string said = message<NumericError>([&] { fit(run.training, options(folder)); });
  EXPECT_NE(said.find("layer 0 (Linear) is the first to give"), std::string::npos) << said;
  expect_finite(nn::state_dict(run.net));
  expect_good_checkpoint(folder, 7);

  SmallRun large;  // its second layer leaves the range
  large.net[2].parameters()[0].data<float>()[0] = kAboveBf16;
  said = message<NumericError>([&] { fit(large.training, {.epochs = 1}); });
  EXPECT_NE(said.find("layer 2 (Linear) is the first to give"), std::string::npos) << said;
}

}  // namespace
}  // namespace strata::train
