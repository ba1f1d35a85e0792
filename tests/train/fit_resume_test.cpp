// What a run leaves behind where it ends, fails or is stopped, and what a resume makes of it.
#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/json.h"
#include "strata/io/safetensors.h"
#include "strata/nn/state_dict.h"
#include "strata/train/checkpoint.h"
#include "strata/train/run_log.h"
#include "strata/train/run_record.h"
#include "tests/support/bits.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"
#include "tests/train/points.h"

namespace strata::train {
namespace {

namespace fs = std::filesystem;
using testing::bits;
using testing::message;
using testing::slurp;
using testing::spill;
using testing::TempFolder;

constexpr double kTooFast = 1.5;  // a rate by which the loss held out soon grows again

/// A training of Plain's with averages, and with evaluations that can be made to fail.
class Watched final : public Forwarding {
 public:
  explicit Watched(Plain& run)
      : Forwarding(run.training), averages_(run.net.parameters(), {.decay = 0.5}) {}
  EMA* averages() override { return averaged ? &averages_ : nullptr; }
  std::optional<double> validate() override {
    if (on_validate) on_validate();
    return Forwarding::validate();
  }
  Metric evaluate() override {
    if (on_evaluate) on_evaluate();
    return Forwarding::evaluate();
  }

  bool averaged = false;
  std::function<void()> on_validate, on_evaluate;

 private:
  EMA averages_;
};

FitOptions options(const std::string& dir, int64_t epochs, int64_t patience = 0) {
  FitOptions o{.epochs = epochs, .run_dir = dir, .resume = true};
  o.patience = patience;
  return o;
}

/// Fits a fresh training and returns what the model then holds.
struct Fitted {
  Fitted(const FitOptions& o, bool averaged) : run(16, 0.25, kTooFast), training(run) {
    training.averaged = averaged;
    result = fit(training, o);
  }
  Plain run;
  Watched training;
  FitResult result;
};

TEST(FitResume, ALongerRunWithPatienceGoesOnFromTheLastWeights) {
  for (const bool averaged : {false, true}) {
    const TempFolder whole, parts;
    Fitted unbroken(options(whole.path(), 12, 100), averaged);
    Fitted first(options(parts.path(), 8, 100), averaged);
    nn::Sequential& best = first.run.net;
    Plain last(16);
    nn::load_state_dict(last.net, nn::state_dict(best));
    {
      Plain other(16, 0.25, kTooFast);
      Watched training(other);
      training.averaged = averaged;
      ASSERT_TRUE(load_checkpoint(parts.path(), training)->finished);
      EXPECT_NE(bits(other.net), bits(best)) << "the best epoch should not be the last one";
    }
    // With nothing to do it holds the best weights, and so do both files.
    Fitted again(options(parts.path(), 8, 100), averaged);
    EXPECT_EQ(bits(again.run.net), bits(best));
    EXPECT_EQ(again.result.metric.value, first.result.metric.value);
    for (const std::string& file : {weights_path(parts.path()), checkpoint_path(parts.path())}) {
      Plain loaded(16);
      load_weights(file, loaded.net);
      EXPECT_EQ(bits(loaded.net), bits(best)) << file;
    }

    Fitted second(options(parts.path(), 12, 100), averaged);
    EXPECT_EQ(bits(second.run.net), bits(unbroken.run.net));
    EXPECT_TRUE(slurp(weights_path(parts.path())) == slurp(weights_path(whole.path())));
  }
}

TEST(FitResume, MorePatienceTakesUpARunThatHadStopped) {
  const TempFolder whole, parts;
  Fitted unbroken(options(whole.path(), 60, 5), false);
  Fitted impatient(options(parts.path(), 60, 2), false);
  ASSERT_TRUE(impatient.result.stopped_early);
  ASSERT_LT(impatient.result.steps, unbroken.result.steps);
  Fitted patient(options(parts.path(), 60, 5), false);
  EXPECT_TRUE(patient.result.stopped_early);
  EXPECT_EQ(patient.result.steps, unbroken.result.steps);
  EXPECT_EQ(bits(patient.run.net), bits(unbroken.run.net));
  Fitted still(options(parts.path(), 60, 4), false);
  EXPECT_EQ(still.result.steps, unbroken.result.steps) << "less patience has nothing to wait for";
}

TEST(FitResume, ANewRunTakesNoFolderThatHoldsOne) {
  const TempFolder folder;
  FitOptions fresh{.epochs = 1, .run_dir = folder.path()};
  Plain first(16), second(16, 0, 0.5);
  spill(record_path(folder.path()), "of a run that failed at once");
  fit(first.training, fresh);
  EXPECT_FALSE(fs::exists(record_path(folder.path())));
  const std::string weights = slurp(weights_path(folder.path()));
  const auto refused = [&] {
    return message<ValueError>([&] {
             fit(second.training, fresh);
           }).find("holds a run, which a new one would overwrite") != std::string::npos;
  };
  EXPECT_TRUE(refused());
  fs::remove(checkpoint_path(folder.path()));
  for (const bool resume : {false, true}) {
    fresh.resume = resume;
    EXPECT_TRUE(refused()) << "weights without a checkpoint are not of this run";
  }
  EXPECT_TRUE(slurp(weights_path(folder.path())) == weights);
}

TEST(FitResume, DataWithFewerBatchesThanWereDoneIsRefused) {
  const TempFolder folder;
  StopAt stop(12);
  FitOptions o = options(folder.path(), 3);
  o.cancel = &stop.cancel;
  Plain first(16), second(32);  // 13 batches an epoch, and 7
  fit(first.training, o, &stop);
  o.cancel = nullptr;
  const std::string said = message<ValueError>([&] { fit(second.training, o); });
  EXPECT_NE(said.find("has done 12 batches of an epoch, which has 7"), std::string::npos) << said;
}

TEST(FitResume, AnEvaluationThatFailsCostsNothing) {
  Plain whole(16);
  Watched unbroken(whole);
  fit(unbroken, {.epochs = 2});
  const TempFolder folder;
  for (const int64_t epoch : {1, 2}) {  // the resumed run begins with the evaluation it lacks
    Plain run(16), loaded(16);
    Watched training(run);
    training.on_evaluate = [left = epoch]() mutable {
      if (--left == 0) throw FormatError("test/cat/7.jpg", "damaged JPEG");
    };
    EXPECT_THROW(fit(training, options(folder.path(), 2)), FormatError);
    EXPECT_FALSE(fs::exists(weights_path(folder.path())));
    EXPECT_EQ(load_checkpoint(folder.path(), loaded.training)->step, epoch * 13);
  }
  Plain mended(16);
  EXPECT_EQ(fit(mended.training, options(folder.path(), 2)).steps, 26);
  EXPECT_EQ(bits(mended.net), bits(whole.net));
  EXPECT_TRUE(fs::exists(weights_path(folder.path())));
}

TEST(FitResume, AValidationThatFailsCostsNothing) {
  FitOptions o{.epochs = 60};
  o.patience = 3;
  Plain whole(16, 0.25, kTooFast);
  const FitResult wanted = fit(whole.training, o);
  const TempFolder folder;
  o.run_dir = folder.path();
  o.resume = true;
  for (const int64_t fails : {1, 3}) {
    Plain run(16, 0.25, kTooFast), loaded(16);
    Watched training(run);
    training.on_validate = [&, left = fails]() mutable {
      if (--left == 0) throw FormatError("train/cat/7.jpg", "damaged JPEG");
    };
    EXPECT_THROW(fit(training, o), FormatError);
    const RunState state = load_checkpoint(folder.path(), loaded.training).value();
    EXPECT_EQ(state.step, fails * 10);
    EXPECT_EQ(state.batch, 10) << "the epoch is to be judged yet";
  }
  Plain mended(16, 0.25, kTooFast);
  EXPECT_EQ(fit(mended.training, o).steps, wanted.steps);
  EXPECT_EQ(bits(mended.net), bits(whole.net));
}

TEST(FitResume, ABatchThatCannotBeHadLeavesTheStatisticsOfTheStepsBegin) {
  FitOptions o{.epochs = 2, .accumulate = 3};
  Plain whole(16, 0, 0.02, {}, true);
  fit(whole.training, o);
  const TempFolder folder;
  o.run_dir = folder.path();
  o.resume = true;
  int batches = 0;
  Plain broken(
      16, 0, 0.02,
      [&](Batch b, Generator&) {
        if (++batches == 6) throw FormatError("cat/7.jpg", "damaged JPEG");
        return b;
      },
      true);
  EXPECT_THROW(fit(broken.training, o), FormatError);
  Plain mended(16, 0, 0.02, {}, true);
  fit(mended.training, o);
  EXPECT_EQ(bits(mended.net), bits(whole.net));
}

/// Sets the cancel token as soon as an evaluation begins.
class StopJudging final : public FitObserver {
 public:
  void judging(const Progress& p, const Judging& j) override {
    step = p.step;
    all = j.all;
    cancel = true;
  }
  std::atomic<bool> cancel{false};
  int64_t step = 0, all = 0;
};

TEST(FitResume, AnEvaluationEndsWhereTheRunIsCancelled) {
  for (const int64_t epochs : {1, 2}) {  // in the last evaluation and in one before
    Plain whole(16);
    fit(whole.training, {.epochs = epochs});
    const TempFolder folder;
    StopJudging observer;
    FitOptions o = options(folder.path(), epochs);
    o.cancel = &observer.cancel;
    Plain stopped(16), resumed(16);
    const FitResult result = fit(stopped.training, o, &observer);
    EXPECT_TRUE(result.cancelled);
    EXPECT_EQ(observer.step, 13);
    EXPECT_EQ(observer.all, 200);
    EXPECT_EQ(result.metric.samples, 0);
    EXPECT_FALSE(fs::exists(weights_path(folder.path())));
    o.cancel = nullptr;
    const FitResult rest = fit(resumed.training, o);
    EXPECT_FALSE(rest.cancelled);
    EXPECT_EQ(rest.metric.samples, 200);
    EXPECT_EQ(bits(resumed.net), bits(whole.net));
    EXPECT_TRUE(fs::exists(weights_path(folder.path())));
  }
}

TEST(FitResume, AValidationEndsWhereTheRunIsCancelled) {
  FitOptions o{.epochs = 3};
  o.patience = 2;
  Plain whole(16, 0.25);
  fit(whole.training, o);
  const TempFolder folder;
  StopJudging observer;
  o.run_dir = folder.path();
  o.resume = true;
  o.cancel = &observer.cancel;
  Plain stopped(16, 0.25), resumed(16, 0.25);
  EXPECT_TRUE(fit(stopped.training, o, &observer).cancelled);
  EXPECT_EQ(observer.all, 50) << "what is held out";
  o.cancel = nullptr;
  fit(resumed.training, o);
  EXPECT_EQ(bits(resumed.net), bits(whole.net));
}

/// The steps at which a run's log has the metric.
std::vector<int64_t> judged(const TempFolder& folder) {
  for (const LoggedCurve& curve : read_log(folder / "log.jsonl")) {
    if (curve.name == "accuracy") return curve.steps;
  }
  return {};
}

/// Goes on with two epochs of 13 steps, and expects the end of a run that was left alone.
void go_on(const TempFolder& folder) {
  Plain whole(16), resumed(16);
  fit(whole.training, {.epochs = 2});
  fit(resumed.training, options(folder.path(), 2));
  EXPECT_EQ(bits(resumed.net), bits(whole.net));
}

using Steps = std::vector<int64_t>;

TEST(FitResume, AnEvaluationThatWasCancelledIsMadeUpFor) {
  for (const bool begun : {false, true}) {
    const TempFolder folder;
    StopJudging within;
    StopAt before(13);
    FitOptions o = options(folder.path(), 2);
    o.cancel = begun ? &within.cancel : &before.cancel;
    Plain run(16);
    EXPECT_TRUE(
        fit(run.training, o, begun ? static_cast<FitObserver*>(&within) : &before).cancelled);
    EXPECT_EQ(judged(folder), Steps{});
    go_on(folder);
    EXPECT_EQ(judged(folder), (Steps{13, 26})) << begun;
  }
}

TEST(FitResume, AnEvaluationThatNoCheckpointTellsOfIsLoggedOnce) {
  struct Dies final : FitObserver {
    void stepped(const Progress& p) override {
      if (p.step == 14) throw IoError("power", "is gone");
    }
  } observer;
  const TempFolder folder;
  Plain run(16);
  EXPECT_THROW(fit(run.training, options(folder.path(), 2), &observer), IoError);
  EXPECT_EQ(judged(folder), Steps{13});
  go_on(folder);
  EXPECT_EQ(judged(folder), (Steps{13, 26}));
}

TEST(FitResume, AnOlderCheckpointLacksNoEvaluation) {
  const TempFolder folder;
  const std::string path = checkpoint_path(folder.path()), key = "strata_checkpoint";
  StopAt stop(13);
  FitOptions o = options(folder.path(), 2);
  o.cancel = &stop.cancel;
  Plain run(16);
  fit(run.training, o, &stop);
  const TensorMap tensors = load_safetensors(path);
  JsonValue::Object state = parse_json(path, SafeTensors(path).metadata().at(key)).members();
  ASSERT_EQ(state.erase("evaluated"), 1u);
  save_safetensors(path, tensors, {{key, JsonValue(std::move(state)).text()}});
  go_on(folder);
  EXPECT_EQ(judged(folder), Steps{26});
}

TEST(FitResume, WhereEpochsAreNotEvaluatedNoneIsLacking) {
  const TempFolder folder;
  StopAt stop(13);
  FitOptions o = options(folder.path(), 2);
  o.evaluate_each_epoch = false;
  o.cancel = &stop.cancel;
  Plain run(16), resumed(16);
  fit(run.training, o, &stop);
  o.cancel = nullptr;
  fit(resumed.training, o);
  EXPECT_EQ(judged(folder), Steps{26});
}

}  // namespace
}  // namespace strata::train
