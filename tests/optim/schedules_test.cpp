#include "strata/optim/schedules.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/safetensors.h"
#include "strata/ops/creation.h"
#include "strata/optim/plateau.h"
#include "strata/optim/sgd.h"

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

TEST(Schedules, FurtherOnesAreThoseOfPyTorch) {
  check("restarts", schedules::cosine_restarts({.lr = 0.5, .steps = 17, .floor = 0.03}));
  check("restarts.longer", schedules::cosine_restarts({.lr = 0.5, .steps = 9, .factor = 3}));
  check("polynomial", schedules::polynomial({.lr = 0.5, .steps = 70}));
  check("polynomial.power", schedules::polynomial({.lr = 0.5, .steps = 90, .power = 2.5}));
  check("noam", schedules::noam({.scale = 2, .width = 512, .warmup = 30}));
  check("constant_factor", schedules::constant_factor({.lr = 0.5, .steps = 25, .factor = 0.2}));
  check("sequential.constant",
        schedules::sequential({schedules::constant_factor({.lr = 0.5, .steps = 10, .factor = 0.1}),
                               schedules::polynomial({.lr = 0.5, .steps = 60, .power = 2})},
                              {10}));
}

TEST(Schedules, CyclesAreThoseOfPyTorch) {
  const auto both = [](const std::string& name, schedules::CyclicConfig config) {
    config.lr = 0.03, config.max_lr = 0.4, config.up = 13;
    config.base_momentum = 0.5, config.max_momentum = 0.85;
    check("cyclic" + name, schedules::cyclic(config));
    check("cyclic" + name + ".momentum", schedules::cyclic_momentum(config));
  };
  using schedules::Cycles;
  both("", {});
  both(".halving", {.down = 9, .cycles = Cycles::halving});
  both(".exponential", {.cycles = Cycles::exponential, .factor = 0.98});
}

TEST(Schedules, ProductsAreThoseOfPyTorch) {
  check("multiplicative", schedules::multiplicative(0.5, [](int64_t i) {
          return 0.9 + 0.01 * static_cast<double>(i % 15);
        }));
  check("chained", schedules::chained(
                       {schedules::linear({.lr = 0.5, .steps = 20, .start_factor = 0.1}),
                        schedules::exponential({.lr = 1, .factor = 0.97}),
                        schedules::multistep({.lr = 1, .milestones = {50, 80}, .factor = 0.5})}));
}

/// Calls set(optimizer, step) on one of two groups whose rates differ.
template <class Set>
void check_groups(const std::string& name, const Set& set) {
  static const TensorMap golden =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/schedules.safetensors");
  const auto wanted = golden.at("groups." + name).to_vector<double>();
  SGD optimizer({{.params = {zeros({1})}}, {.params = {zeros({1})}, .lr = 0.03}}, {.lr = 0.5});
  for (int64_t i = 0; i < kSteps; ++i) {
    set(optimizer, i);
    for (int g : {0, 1}) {
      EXPECT_NEAR(optimizer.lr(g), wanted[static_cast<size_t>(2 * i + g)], 1e-14)
          << name << " at step " << i;
    }
  }
}

TEST(Schedules, ScaleEachGroupsRateAsPyTorch) {
  const Schedule fall = schedules::cosine({.lr = 1, .steps = kSteps});
  check_groups("cosine", [&](Optimizer& o, int64_t i) { o.scale_lr(fall(i)); });
  const Schedule both =
      schedules::sequential({schedules::linear({.lr = 1, .steps = 20, .start_factor = 0.01}),
                             schedules::polynomial({.lr = 1, .steps = 70, .power = 2})},
                            {20});
  check_groups("sequential", [&](Optimizer& o, int64_t i) { o.scale_lr(both(i)); });
  std::vector<Schedule> floored;
  for (const double lr : {0.5, 0.03}) {
    floored.push_back(schedules::cosine({.lr = lr, .steps = kSteps, .floor = 0.02}));
  }
  check_groups("floor", [&](Optimizer& o, int64_t i) {
    for (int g : {0, 1}) o.set_lr(g, floored[static_cast<size_t>(g)](i));
  });
}

TEST(Schedules, ScalingIsOfAllGroupsOrNone) {
  SGD optimizer({{.params = {zeros({1})}}, {.params = {zeros({1})}, .lr = 1e300}}, {.lr = 0.5});
  optimizer.scale_lr(0.5);
  EXPECT_EQ(optimizer.lr(0), 0.25);
  EXPECT_EQ(optimizer.lr(1), 5e299);
  for (const double factor : {-1.0, std::nan(""), 1e10}) {
    EXPECT_THROW(optimizer.scale_lr(factor), ValueError) << factor;
    EXPECT_THROW(optimizer.set_lr_in_proportion(factor), ValueError) << factor;
  }
  EXPECT_EQ(optimizer.lr(0), 0.25);
  optimizer.add_param_group({.params = {zeros({1})}, .lr = 4});
  optimizer.scale_lr(1);
  EXPECT_EQ(optimizer.lr(2), 4);
}

TEST(Schedules, BeginWithTheRatesOfTheirBegin) {
  const auto make = [] {
    return std::make_unique<SGD>(
        std::vector<ParamGroup>{{.params = {zeros({1})}}, {.params = {zeros({1})}, .lr = 0.03}},
        SGDConfig{.lr = 0.5});
  };
  const auto optimizer = make(), resumed = make(), untouched = make();
  EXPECT_EQ(optimizer->initial_lr(1), 0.03);
  for (Optimizer* o : {optimizer.get(), resumed.get()}) o->set_lr(1, 0.25);
  EXPECT_EQ(optimizer->initial_lr(1), 0.25) << "no schedule has begun";
  optimizer->set_lr_in_proportion(0.1);
  EXPECT_EQ(optimizer->lr(0), 0.1);
  EXPECT_EQ(optimizer->lr(1), 0.05);
  optimizer->set_lr(0);
  EXPECT_EQ(optimizer->initial_lr(0), 0.5);
  EXPECT_EQ(optimizer->initial_lr(1), 0.25);
  // A state of the middle of a schedule does not begin one.
  resumed->load_state(optimizer->state());
  EXPECT_EQ(resumed->lr(1), 0);
  for (Optimizer* o : {optimizer.get(), resumed.get()}) {
    o->scale_lr(0.5);
    EXPECT_EQ(o->lr(0), 0.25);
    EXPECT_EQ(o->lr(1), 0.125);
  }
  untouched->set_lr(0, 0);
  EXPECT_THROW(untouched->set_lr_in_proportion(0.1), ValueError) << "no proportion to 0";
  EXPECT_EQ(untouched->lr(1), 0.03);
}

/// The rates of two groups against ReduceLROnPlateau's, with a saved state gone on from in between.
void check_plateau(const std::string& name, const PlateauConfig& config, double sign = 1) {
  static const TensorMap golden =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/schedules.safetensors");
  const auto values = golden.at("plateau.values").to_vector<double>();
  const auto wanted = golden.at("plateau." + name).to_vector<double>();
  SGD optimizer({{.params = {zeros({1})}, .lr = {}, .weight_decay = {}},
                 {.params = {zeros({1})}, .lr = 0.03, .weight_decay = {}}},
                {.lr = 0.5});
  Plateau plateau(config);
  for (size_t i = 0; i < values.size(); ++i) {
    if (i % 10 == 0) {
      const OptimizerState state = plateau.state();
      plateau = Plateau(config);
      plateau.load_state(state);
    }
    plateau.step(optimizer, sign * values[i]);
    EXPECT_EQ(plateau.rate(0.5), optimizer.lr(0));
    EXPECT_NEAR(optimizer.lr(0), wanted[2 * i], 1e-15) << name << " at " << i;
    EXPECT_NEAR(optimizer.lr(1), wanted[2 * i + 1], 1e-15) << name << " at " << i;
  }
}

TEST(Schedules, PlateauIsThatOfPyTorch) {
  check_plateau("defaults", {});
  check_plateau("max", {.larger_is_better = true, .factor = 0.5, .patience = 3}, -1);
  check_plateau("threshold", {.factor = 0.7, .patience = 2, .threshold = 0.2});
  check_plateau("absolute", {.factor = 0.5, .patience = 4, .threshold = 0.02, .absolute = true});
  check_plateau("absolute.max",
                {.larger_is_better = true,
                 .factor = 0.6,
                 .patience = 1,
                 .threshold = 0.05,
                 .absolute = true,
                 .cooldown = 5},
                -1);
  check_plateau("cooldown", {.factor = 0.5, .patience = 2, .cooldown = 7});
  check_plateau("floor", {.factor = 0.3, .patience = 1, .min_lr = 0.01});
  check_plateau("eps", {.factor = 0.9, .patience = 1, .eps = 0.02});
}

TEST(Schedules, PlateauRefusesWhatMakesNoSense) {
  EXPECT_THROW(Plateau({.factor = 1}), ValueError);
  EXPECT_THROW(Plateau({.patience = -1}), ValueError);
  EXPECT_THROW(Plateau({.min_lr = -1}), ValueError);
  EXPECT_THROW(Plateau({.eps = std::nan("")}), ValueError);
  Plateau plateau;
  OptimizerState state = plateau.state();
  state.numbers["plateau.bad"] = -1;
  EXPECT_THROW(plateau.load_state(state), ValueError);
  state.numbers.erase("plateau.bad");
  EXPECT_THROW(plateau.load_state(state), ValueError);
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
  EXPECT_THROW(cosine_restarts({.lr = 1}), ValueError);
  EXPECT_THROW(cosine_restarts({.lr = 1, .steps = 3, .factor = 0}), ValueError);
  EXPECT_THROW(polynomial({.lr = 1, .steps = 3, .power = -1}), ValueError);
  EXPECT_THROW(noam({.width = 512}), ValueError);
  EXPECT_THROW(noam({.width = 0, .warmup = 5}), ValueError);
  EXPECT_THROW(constant_factor({.lr = 1, .steps = 3, .factor = -1}), ValueError);
  EXPECT_THROW(cyclic({.lr = -1}), ValueError);
  EXPECT_THROW(cyclic({.up = 0}), ValueError);
  EXPECT_THROW(cyclic({.down = -1}), ValueError);
  EXPECT_THROW(cyclic_momentum({.max_momentum = 1}), ValueError);
  EXPECT_THROW(multiplicative(-1, [](int64_t) { return 1.0; }), ValueError);
  EXPECT_THROW(multiplicative(1, {}), ValueError);
  EXPECT_THROW(chained({}), ValueError);
  EXPECT_THROW(chained({constant(1), Schedule()}), ValueError);
  EXPECT_THROW(sequential({constant(1), constant(2)}, {}), ValueError);
  EXPECT_THROW(sequential({}, {}), ValueError);
  EXPECT_THROW(sequential({constant(1), Schedule()}, {4}), ValueError);
  EXPECT_THROW(sequential({constant(1), constant(2), constant(3)}, {9, 4}), ValueError);
}

}  // namespace
}  // namespace strata
