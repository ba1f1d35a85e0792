#include "strata/train/fit_checks.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/optim/adam.h"
#include "strata/train/checkpoint.h"
#include "tests/support/bits.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"
#include "tests/train/points.h"

namespace strata::train {
namespace {

using testing::bits;
using testing::message;
using testing::TempFolder;

/// What is said of options that fit() refuses before it has done anything.
std::string refused(const FitOptions& options) {
  Plain run(100);
  const std::string before = bits(run.net);
  const std::string said = message<ValueError>([&] { fit(run.training, options); });
  EXPECT_EQ(bits(run.net), before);
  return said;
}

TEST(FitChecks, RefusesNumbersOutOfRange) {
  EXPECT_NE(refused({.epochs = -1}).find("epochs is out of range: -1"), std::string::npos);
  EXPECT_NE(refused({.steps = -2}).find("steps is out of range: -2"), std::string::npos);
  EXPECT_NE(refused({.accumulate = 0}).find("accumulate is out of range: 0"), std::string::npos);
  FitOptions watched;
  watched.min_delta = NAN;
  EXPECT_NE(refused({.clip_norm = NAN}).find("clip_norm is out of range: nan"), std::string::npos);
  EXPECT_NE(refused(watched).find("min_delta is out of range: nan"), std::string::npos);
}

TEST(FitChecks, RefusesWhatACheckpointCannotKeep) {
  const TempFolder folder;
  using Texts = std::map<std::string, std::string>;
  for (const Texts& texts : {Texts{{"x", "\xe4"}}, Texts{{"\xe4", "x"}}}) {
    for (const bool noted : {false, true}) {
      FitOptions options{.run_dir = folder / "run"};
      (noted ? options.notes : options.settings) = texts;
      const std::string said = refused(options);
      EXPECT_NE(said.find("is not UTF-8: a checkpoint cannot keep it"), std::string::npos) << said;
    }
  }
  Plain run(100);
  const FitOptions in_utf8{
      .run_dir = folder / "run", .resume = true, .settings = {{"x", "\u00e4"}}};
  fit(run.training, in_utf8);
  EXPECT_EQ(fit(run.training, in_utf8).steps, 2);
}

/// A training of Plain's that another metric judges.
class Judged final : public Forwarding {
 public:
  Judged(Plain& run, std::string name) : Forwarding(run.training), name_(std::move(name)) {}
  Metric evaluate() override { return {name_, 1, 1}; }

 private:
  std::string name_;
};

TEST(FitChecks, AMetricHasAColumnOfItsOwn) {
  for (const char* name : {"step", "epoch", "loss", "lr", "grad_norm", "seconds"}) {
    Plain run(100);
    Judged training(run, name);
    const std::string said = message<ValueError>([&] { fit(training, {}); });
    EXPECT_NE(said.find("a metric cannot be named '" + std::string(name) + "'"), std::string::npos)
        << said;
  }
  Plain run(100);
  Judged training(run, "test_loss");
  EXPECT_EQ(fit(training, {}).metric.name, "test_loss");
}

/// A training of Plain's with another optimiser.
template <class Optim>
class Optimized final : public Forwarding {
 public:
  template <class Config>
  Optimized(Plain& run, Config config)
      : Forwarding(run.training), optimizer_(run.net.parameters(), config) {}
  Optimizer& optimizer() override { return optimizer_; }

 private:
  Optim optimizer_;
};

TEST(FitChecks, AnotherOptimisersCheckpointIsRefusedAndChangesNothing) {
  const TempFolder folder;
  FitOptions options{.epochs = 1, .run_dir = folder.path(), .resume = true};
  {
    Plain run(100);
    Optimized<Adam> training(run, AdamConfig{.lr = 0.02});
    fit(training, options);
  }
  options.epochs = 2;
  Plain run(100);
  const std::string before = bits(run.net);
  Optimized<SGD> plain(run, SGDConfig{.lr = 0.02});
  Optimized<SGD> heavy(run, SGDConfig{.lr = 0.02, .momentum = 0.9});
  const std::string of_plain = message<ValueError>([&] { fit(plain, options); });
  const std::string of_heavy = message<ValueError>([&] { fit(heavy, options); });
  EXPECT_NE(of_plain.find("the state holds state.0.exp_avg, which nothing here takes"),
            std::string::npos)
      << of_plain;
  EXPECT_NE(of_heavy.find("the state lacks state.0.momentum_buffer"), std::string::npos)
      << of_heavy;
  EXPECT_EQ(bits(run.net), before);
}

}  // namespace
}  // namespace strata::train
