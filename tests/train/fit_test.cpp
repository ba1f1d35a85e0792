#include "strata/train/fit.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/sequential.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/dropout.h"
#include "strata/ops/reduce.h"
#include "strata/optim/adam.h"
#include "strata/train/checkpoint.h"
#include "tests/support/bits.h"
#include "tests/support/temp_folder.h"
#include "tests/train/points.h"

namespace strata::train {
namespace {

using testing::bits;
using testing::TempFolder;

/// Draws from the default generator in the forward pass, so that a resume must restore it.
class Dropped final : public nn::Module {
 public:
  std::string type() const override { return "Dropped"; }
  Tensor forward(const Tensor& x) override { return dropout(x, 0.2, training()); }
};

nn::Sequential small_net() {
  manual_seed(3);
  return nn::Sequential(nn::Linear({.in = 2, .out = 16}), nn::Tanh(), Dropped(),
                        nn::Linear({.in = 16, .out = 2}));
}

struct Case {
  explicit Case(float spoiled = 0, Transform transform = {}, double clip_norm = 0)
      : net(small_net()),
        training(net, std::make_unique<Adam>(net.parameters(), AdamConfig{.lr = 0.02}),
                 std::make_shared<TensorDataset>(points(spoiled)),
                 std::make_shared<TensorDataset>(points()),
                 {.batch = 16,
                  .seed = 9,
                  .loss = [](const Tensor& y, const Tensor& t) { return cross_entropy(y, t); },
                  .schedule = [](int64_t n) { return schedules::cosine({.lr = 0.02, .steps = n}); },
                  .transform = std::move(transform),
                  .clip_norm = clip_norm}) {}

  nn::Sequential net;
  Supervised training;
};

TEST(Fit, ClipsAsTheTrainingOrTheOptionsSay) {
  const auto trained = [](double of_training, double of_options) {
    Case c(0, {}, of_training);  // seeds the random numbers
    fit(c.training, {.epochs = 1, .clip_norm = of_options});
    return bits(c.net);
  };
  EXPECT_EQ(trained(0.01, 0), trained(0, 0.01));
  EXPECT_NE(trained(0.01, 0), trained(0, 0));
}

TEST(Fit, LearnsAndReports) {
  Case run;
  const FitResult r = fit(run.training, {.epochs = 60});
  EXPECT_EQ(r.metric.name, "accuracy");
  EXPECT_GT(r.metric.value, 0.9);
  EXPECT_EQ(r.steps, 60 * 13);
  EXPECT_FALSE(r.cancelled);
}

TEST(Fit, ABatchThatCannotBeHadCostsNothing) {
  Case unbroken;
  fit(unbroken.training, {.epochs = 3});
  const TempFolder folder;
  int batches = 0;
  Case broken(0, [&](Batch b, Generator&) {
    if (++batches == 20) throw FormatError("cat/7.jpg", "damaged JPEG");
    return b;
  });
  EXPECT_THROW(fit(broken.training, {.epochs = 3, .run_dir = folder.path()}), FormatError);
  Case mended;
  EXPECT_EQ(load_checkpoint(folder.path(), mended.training)->step, 19);
  fit(mended.training, {.epochs = 3, .run_dir = folder.path(), .resume = true});
  EXPECT_EQ(bits(mended.net), bits(unbroken.net));
}

/// The same with averaged weights.
struct AveragedCase {
  class WithAverages final : public Forwarding {
   public:
    explicit WithAverages(Case& run)
        : Forwarding(run.training), averages_(run.net.parameters(), {.decay = 0.9}) {}
    EMA* averages() override { return &averages_; }
    Metric evaluate() override {
      evaluated = bits(model());
      return Forwarding::evaluate();
    }
    std::string evaluated;

   private:
    EMA averages_;
  };

  Case run;
  WithAverages training{run};
};

TEST(Fit, EvaluatesAndKeepsTheAveragesAndResumesThem) {
  AveragedCase unbroken;
  const TempFolder kept;
  fit(unbroken.training, {.epochs = 2, .run_dir = kept.path()});
  EXPECT_NE(unbroken.training.evaluated, bits(unbroken.run.net));
  nn::Sequential loaded = small_net();
  load_weights(kept.path(), loaded);
  EXPECT_EQ(bits(loaded), unbroken.training.evaluated);
  const TempFolder folder;
  {
    AveragedCase first;
    StopAt observer(7);
    fit(first.training, {.epochs = 2, .run_dir = folder.path(), .cancel = &observer.cancel},
        &observer);
  }
  AveragedCase second;
  fit(second.training, {.epochs = 2, .run_dir = folder.path(), .resume = true});
  EXPECT_EQ(second.training.evaluated, unbroken.training.evaluated);
  EXPECT_EQ(bits(second.run.net), bits(unbroken.run.net));
}

TEST(Fit, ResumesToTheSameBitsFromAnyStep) {
  Case unbroken;
  const FitResult whole = fit(unbroken.training, {.epochs = 3});
  for (const int64_t stop : {1, 7, 13, 14, 38}) {
    const TempFolder folder;
    {
      Case first;
      StopAt observer(stop);
      const FitResult r =
          fit(first.training, {.epochs = 3, .run_dir = folder.path(), .cancel = &observer.cancel},
              &observer);
      EXPECT_TRUE(r.cancelled);
      EXPECT_EQ(r.steps, stop);
    }
    manual_seed(12345);  // what another process would start with
    Case second;
    const FitResult r =
        fit(second.training, {.epochs = 3, .run_dir = folder.path(), .resume = true});
    EXPECT_EQ(r.steps, whole.steps);
    EXPECT_EQ(r.loss, whole.loss);
    EXPECT_EQ(bits(second.net), bits(unbroken.net)) << "stopped after step " << stop;
  }
}

TEST(Fit, AColdStartEndsElsewhere) {
  Case a, b;
  fit(a.training, {.steps = 20});
  fit(b.training, {.steps = 19});
  EXPECT_NE(bits(a.net), bits(b.net));
}

TEST(Fit, AFinishedRunRepeatsItsResult) {
  const TempFolder folder;
  Case first, again;
  const FitOptions options{.epochs = 2, .run_dir = folder.path(), .resume = true};
  const FitResult a = fit(first.training, options);
  const FitResult b = fit(again.training, options);
  EXPECT_EQ(a.metric.value, b.metric.value);
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_EQ(a.loss, b.loss);
  nn::Sequential loaded = small_net();
  load_weights(folder.path(), loaded);
  EXPECT_EQ(bits(loaded), bits(first.net));
}

TEST(Fit, RefusesOtherSettingsOnResume) {
  const TempFolder folder;
  Case first, second;
  fit(first.training,
      {.epochs = 1, .run_dir = folder.path(), .settings = {{"lr", "0.02"}, {"batch", "16"}}});
  const std::string untouched = bits(second.net);
  try {
    fit(second.training, {.epochs = 2,
                          .run_dir = folder.path(),
                          .resume = true,
                          .settings = {{"lr", "0.5"}, {"batch", "16"}}});
    FAIL() << "resumed with another learning rate";
  } catch (const ValueError& e) {
    EXPECT_NE(std::string(e.what()).find("[lr] the run was started with 0.02, not 0.5"),
              std::string::npos);
  }
  EXPECT_EQ(bits(second.net), untouched);
}

TEST(Fit, StopsBeforeABadStepAndNamesTheLayer) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const TempFolder folder;
    Case run(bad);
    try {
      fit(run.training, {.epochs = 2, .run_dir = folder.path()});
      FAIL() << "trained on " << bad;
    } catch (const NumericError& e) {
      EXPECT_NE(std::string(e.what()).find("layer 0 (Linear) is the first to give"),
                std::string::npos)
          << e.what();
    }
    for (const Tensor& p : run.net.parameters()) {
      for (const float v : p.to_vector<float>()) EXPECT_TRUE(std::isfinite(v));
    }
  }
}

TEST(Fit, KeepsTheLogInStepWithTheCheckpoint) {
  const TempFolder folder;
  Case first, second;
  StopAt observer(20);
  FitOptions options{.epochs = 3, .run_dir = folder.path(), .log_every = 5};
  options.cancel = &observer.cancel;
  fit(first.training, options, &observer);
  options.cancel = nullptr;
  options.resume = true;
  fit(second.training, options);
  std::ifstream log(folder.path() + "/log.jsonl");
  int lines = 0, losses = 0;
  for (std::string line; std::getline(log, line); ++lines) {
    losses += line.find("\"loss\"") != std::string::npos;
  }
  EXPECT_EQ(losses, 39 / 5);
  EXPECT_EQ(lines, 39 / 5 + 3);
}

TEST(Fit, GatheredBatchesMakeTheStepOfALargeOne) {
  // 200 samples in batches of 16 leave one of 8: the last step of an epoch has batches of 16,
  // 16, 8.
  Plain large(80), gathered(16), other(16);
  const FitResult a = fit(large.training, {.epochs = 5});
  const FitResult b = fit(gathered.training, {.epochs = 5, .accumulate = 5});
  EXPECT_EQ(a.steps, 15);
  EXPECT_EQ(b.steps, 15);
  EXPECT_NEAR(a.loss, b.loss, 1e-5);
  const auto wanted = nn::state_dict(large.net), got = nn::state_dict(gathered.net);
  for (const auto& [name, value] : wanted) {
    const auto x = value.to_vector<double>(), y = got.at(name).to_vector<double>();
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], y[i], 2e-6) << name;
  }
  const FitResult c = fit(other.training, {.epochs = 3, .accumulate = 4});
  EXPECT_EQ(c.steps, 12);
  EXPECT_THROW(fit(other.training, {.accumulate = 0}), ValueError);
}

TEST(Fit, GatheringResumesInTheSameBits) {
  Case unbroken;
  const FitResult whole = fit(unbroken.training, {.epochs = 4, .accumulate = 3});
  const TempFolder folder;
  {
    Case first;
    StopAt stop(7);
    fit(first.training,
        {.epochs = 4, .accumulate = 3, .run_dir = folder.path(), .cancel = &stop.cancel}, &stop);
  }
  Case second;
  const FitResult rest = fit(
      second.training, {.epochs = 4, .accumulate = 3, .run_dir = folder.path(), .resume = true});
  EXPECT_EQ(bits(second.net), bits(unbroken.net));
  EXPECT_EQ(rest.steps, whole.steps);
}

TEST(Fit, StopsEarlyAndKeepsTheBestWeights) {
  // A rate that is far too high: the loss on what was held out soon grows again.
  const auto options = [](const std::string& dir) {
    FitOptions o{.epochs = 60};
    o.patience = 3;
    o.run_dir = dir;
    return o;
  };
  const TempFolder folder;
  Plain run(16, 0.25, 1.5);
  const FitResult r = fit(run.training, options(folder.path()));
  EXPECT_TRUE(r.stopped_early);
  EXPECT_LT(r.steps, 60 * 10);
  EXPECT_EQ(r.steps % 10, 0);  // 150 samples are left to train on
  // The weights are those of the best epoch: three epochs before the end.
  const int64_t best_epoch = r.steps / 10 - 3;
  Plain again(16, 0.25, 1.5);
  fit(again.training, {.epochs = best_epoch});
  EXPECT_EQ(bits(run.net), bits(again.net));
  // A finished run repeats its result and does not go on.
  Plain third(16, 0.25, 1.5);
  FitOptions more = options(folder.path());
  more.resume = true;
  const FitResult repeated = fit(third.training, more);
  EXPECT_EQ(repeated.steps, r.steps);
  EXPECT_EQ(repeated.metric.value, r.metric.value);
  EXPECT_EQ(bits(third.net), bits(run.net));
}

TEST(Fit, EarlyStoppingResumesWhereItWas) {
  FitOptions o{.epochs = 60};
  o.patience = 3;
  Plain unbroken(16, 0.25, 1.5);
  const FitResult whole = fit(unbroken.training, o);
  for (const int64_t at : {whole.steps - 24, whole.steps - 10, whole.steps - 1}) {
    const TempFolder folder;
    StopAt stop(at);
    o.run_dir = folder.path();
    o.cancel = &stop.cancel;
    Plain first(16, 0.25, 1.5);
    EXPECT_TRUE(fit(first.training, o, &stop).cancelled);
    o.cancel = nullptr;
    o.resume = true;
    Plain second(16, 0.25, 1.5);
    EXPECT_EQ(fit(second.training, o).steps, whole.steps) << at;
    EXPECT_EQ(bits(second.net), bits(unbroken.net)) << at;
    o.resume = false;
  }
}

TEST(Fit, AnImprovementBelowTheLeastIsNone) {
  FitOptions o{.epochs = 50};
  o.patience = 2;
  o.min_delta = 10;
  Plain run(16);  // nothing held out: the mean loss of each epoch is watched
  const FitResult r = fit(run.training, o);
  EXPECT_TRUE(r.stopped_early);
  EXPECT_EQ(r.steps, 3 * 13);
}

/// A training whose rate falls on a plateau.
class Falling final : public Forwarding {
 public:
  using Forwarding::Forwarding;
  Plateau* plateau() override { return &plateau_; }

 private:
  Plateau plateau_{{.factor = 0.5, .patience = 0, .threshold = 0.05}};
};

TEST(Fit, APlateauReducesTheRateAndIsSaved) {
  Plain a(16);
  Falling unbroken(a.training);
  fit(unbroken, {.epochs = 12});
  EXPECT_LT(a.training.optimizer().lr(), 0.02);
  const TempFolder folder;
  StopAt stop(100);
  Plain b(16);
  Falling first(b.training);
  fit(first, {.epochs = 12, .run_dir = folder.path(), .cancel = &stop.cancel}, &stop);
  Plain c(16);
  Falling second(c.training);
  fit(second, {.epochs = 12, .run_dir = folder.path(), .resume = true});
  EXPECT_EQ(c.training.optimizer().lr(), a.training.optimizer().lr());
  EXPECT_EQ(bits(c.net), bits(a.net));
}

TEST(Fit, GradientsThatNobodyStepsByAreClearedToo) {
  // The optimiser holds the last layer alone; the norm to clip by is over all of the network.
  struct Half final : Training {
    explicit Half(Plain& run) : run(run), half({run.net[2].parameters()}, SGDConfig{.lr = 0.02}) {}
    nn::Module& model() override { return run.net; }
    Optimizer& optimizer() override { return half; }
    int64_t batches_per_epoch() const override { return run.training.batches_per_epoch(); }
    void seek(int64_t epoch, int64_t batch) override { run.training.seek(epoch, batch); }
    void next_batch() override { run.training.next_batch(); }
    Tensor loss() override { return run.training.loss(); }
    double learning_rate(int64_t, int64_t) const override { return 0.02; }
    Metric evaluate() override { return {"none", 0, 1}; }
    Plain& run;
    SGD half;
  };
  Plain run(200), fresh(200);
  Half training(run), once(fresh);
  fit(training, {.steps = 5});
  nn::load_state_dict(fresh.net, nn::state_dict(run.net));
  fit(training, {.steps = 1});
  fit(once, {.steps = 1});
  const auto of_five = run.net[0].parameters()[0].grad().to_vector<float>();
  EXPECT_EQ(of_five, fresh.net[0].parameters()[0].grad().to_vector<float>());
}

TEST(Fit, GroupsKeepTheProportionsOfTheirRates) {
  Plain run(16);
  ParamGroup first, second, third;
  const auto parameters = run.net.parameters();
  first.params = {parameters[0], parameters[1]};
  second.params = {parameters[2]};
  second.lr = 0.1;
  third.params = {parameters[3]};
  third.lr = 0;
  const auto training_of = [&](double lr) {
    return Supervised(
        run.net, std::make_unique<SGD>(std::vector{first, second, third}, SGDConfig{.lr = lr}),
        std::make_shared<TensorDataset>(points()), std::make_shared<TensorDataset>(points()),
        {.loss = [](const Tensor& y, const Tensor& t) { return cross_entropy(y, t); },
         .schedule = [](int64_t) { return schedules::constant(0.01); }});
  };
  Supervised training = training_of(0.04);
  training.optimizer().set_lr(0, 0.02);  // counts, as it stands before the first schedule
  const auto frozen = parameters[3].to_vector<float>();
  fit(training, {.epochs = 1});
  EXPECT_EQ(training.optimizer().lr(0), 0.01);
  EXPECT_NEAR(training.optimizer().lr(1), 0.05, 1e-15);
  EXPECT_EQ(training.optimizer().lr(2), 0);
  EXPECT_EQ(parameters[3].to_vector<float>(), frozen);
  // Where both rates have fallen to 0, what the groups began with still tells.
  training.optimizer().set_lr(0);
  fit(training, {.epochs = 1});
  EXPECT_EQ(training.optimizer().lr(0), 0.01);
  EXPECT_NEAR(training.optimizer().lr(1), 0.05, 1e-15);
  Supervised of_nothing = training_of(0);
  EXPECT_THROW(fit(of_nothing, {.epochs = 1}), ValueError);
}

TEST(Fit, RefusesMoreStepsThanCanBeCounted) {
  Plain run(16);
  const std::string before = bits(run.net);
  for (const int64_t epochs : {std::numeric_limits<int64_t>::max(), int64_t{1} << 60}) {
    EXPECT_THROW(fit(run.training, {.epochs = epochs}), ValueError);
  }
  std::atomic<bool> stop{true};
  FitOptions most{.steps = std::numeric_limits<int64_t>::max()};
  most.cancel = &stop;
  EXPECT_EQ(fit(run.training, most).steps, 1);
  EXPECT_NE(bits(run.net), before);
}

}  // namespace
}  // namespace strata::train
