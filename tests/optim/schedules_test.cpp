#include "strata/optim/schedules.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/safetensors.h"

namespace strata {
namespace {

constexpr int64_t kSteps = 120;

/// Against the run that tools/golden/schedules.py made.
void check(const std::string& name, const Schedule& schedule) {
  static const TensorMap golden =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/schedules.safetensors");
  const auto wanted = golden.at(name).to_vector<double>();
  ASSERT_EQ(wanted.size(), static_cast<size_t>(kSteps));
  for (int64_t i = 0; i < kSteps; ++i) {
    EXPECT_NEAR(schedule(i), wanted[static_cast<size_t>(i)], 1e-14) << name << " at step " << i;
  }
}

TEST(Schedules, AreThoseOfPyTorch) {
  check("step", schedules::step({.lr = 0.5, .every = 30, .factor = 0.3}));
  check("multistep", schedules::multistep({.lr = 0.5, .milestones = {10, 11, 90}, .factor = 0.2}));
  check("exponential", schedules::exponential({.lr = 0.5, .factor = 0.97}));
  check("cosine", schedules::cosine({.lr = 0.5, .steps = kSteps}));
  check("cosine.floor", schedules::cosine({.lr = 0.5, .steps = kSteps, .floor = 0.02}));
  check("linear", schedules::linear({.lr = 0.5, .steps = 25, .start_factor = 0.1}));
  check("linear.down",
        schedules::linear({.lr = 0.5, .steps = 77, .start_factor = 1, .end_factor = 0.25}));
}

TEST(Schedules, OneCycleIsThatOfPyTorch) {
  const auto both = [](const std::string& name, const schedules::OneCycleConfig& config) {
    check(name, schedules::one_cycle(config));
    check(name + ".momentum", schedules::one_cycle_momentum(config));
  };
  both("one_cycle", {.max_lr = 0.5, .steps = kSteps});
  both("one_cycle.linear", {.max_lr = 0.5, .steps = kSteps, .cosine = false});
  both("one_cycle.three", {.max_lr = 0.5, .steps = kSteps, .warmup = 0.4, .three_phase = true});
  both("one_cycle.factors", {.max_lr = 0.5,
                             .steps = kSteps,
                             .warmup = 0.17,
                             .div_factor = 7,
                             .final_div_factor = 30,
                             .base_momentum = 0.6,
                             .max_momentum = 0.8});
}

TEST(Schedules, OneAfterTheOther) {
  const Schedule warm_up = schedules::linear({.lr = 0.5, .steps = 20, .start_factor = 0.01});
  const Schedule fall = schedules::cosine({.lr = 0.5, .steps = 80, .floor = 0.001});
  const Schedule rest = schedules::exponential({.lr = 0.5, .factor = 0.9});
  check("sequential", schedules::sequential({warm_up, fall, rest}, {20, 100}));
}

TEST(Schedules, KeepTheirLastValue) {
  EXPECT_DOUBLE_EQ(schedules::cosine({.lr = 1, .steps = 10, .floor = 0.5})(500), 0.5);
  EXPECT_DOUBLE_EQ(schedules::linear({.lr = 1, .steps = 10})(500), 1);
  const Schedule cycle = schedules::one_cycle({.max_lr = 1, .steps = 10});
  EXPECT_EQ(cycle(500), cycle(9));
  EXPECT_DOUBLE_EQ(cycle(9), 1 / 25.0 / 1e4);
  EXPECT_EQ(schedules::constant(0.25)(1000000), 0.25);
}

TEST(Schedules, TheShortestCyclesHaveNumbers) {
  for (const int64_t steps : {1, 2, 3, 10}) {
    for (const double warmup : {0.0, 0.1, 0.5, 1.0}) {
      for (const bool three : {false, true}) {
        const Schedule lr = schedules::one_cycle(
            {.max_lr = 1, .steps = steps, .warmup = warmup, .three_phase = three});
        for (int64_t i = 0; i < steps; ++i) {
          EXPECT_GE(lr(i), 0) << steps << " " << warmup << " " << three << " " << i;
          EXPECT_LE(lr(i), 1.0001) << steps << " " << warmup << " " << three << " " << i;
        }
      }
    }
  }
}

TEST(Schedules, RefuseNumbersOutOfRange) {
  using namespace schedules;
  EXPECT_THROW(constant(-1), ValueError);
  EXPECT_THROW(constant(std::nan("")), ValueError);
  EXPECT_THROW(schedules::step({.lr = 1}), ValueError);
  EXPECT_THROW(cosine({.lr = 1}), ValueError);
  EXPECT_THROW(cosine({.lr = 1, .steps = 5, .floor = -1}), ValueError);
  EXPECT_THROW(linear({.lr = 1, .steps = 0}), ValueError);
  EXPECT_THROW(exponential({.lr = 1, .factor = -0.5}), ValueError);
  EXPECT_THROW(multistep({.lr = 1, .milestones = {5, 5}}), ValueError);
  EXPECT_THROW(one_cycle({.max_lr = 1}), ValueError);
  EXPECT_THROW(one_cycle({.max_lr = 1, .steps = 10, .warmup = 1.5}), ValueError);
  EXPECT_THROW(one_cycle({.max_lr = 1, .steps = 10, .div_factor = 0}), ValueError);
  EXPECT_THROW(one_cycle_momentum({.steps = 10, .max_momentum = 1}), ValueError);
  EXPECT_THROW(sequential({constant(1), constant(2)}, {}), ValueError);
  EXPECT_THROW(sequential({}, {}), ValueError);
  EXPECT_THROW(sequential({constant(1), Schedule()}, {4}), ValueError);
  EXPECT_THROW(sequential({constant(1), constant(2), constant(3)}, {9, 4}), ValueError);
}

}  // namespace
}  // namespace strata
