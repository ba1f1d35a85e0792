// Runs of no step, of one batch, on numbers that are none; what an error leaves behind.
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/ops/creation.h"
#include "strata/train/checkpoint.h"
#include "strata/train/run_log.h"
#include "tests/support/bits.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"
#include "tests/train/points.h"

namespace strata::train {
namespace {

using testing::bits;
using testing::message;
using testing::TempFolder;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A training of Plain's whose losses held out are those of a function of the epoch, from 1.
class Told final : public Forwarding {
 public:
  Told(Plain& run, std::function<double(int64_t)> loss)
      : Forwarding(run.training), loss_(std::move(loss)) {}
  std::optional<double> validate() override { return loss_(++epoch_); }

 private:
  std::function<double(int64_t)> loss_;
  int64_t epoch_ = 0;
};

FitOptions patient(int64_t epochs, int64_t patience) {
  FitOptions o{.epochs = epochs};
  o.patience = patience;
  return o;
}

TEST(FitEdges, ALossThatIsNoNumberIsNeverTheBest) {
  Plain run(100), last(100);
  Told never(run, [](int64_t) { return kNan; });
  const FitResult r = fit(never, patient(9, 3));
  EXPECT_TRUE(r.stopped_early);
  EXPECT_EQ(r.steps, 3 * 2);
  fit(last.training, {.epochs = 3});
  EXPECT_EQ(bits(run.net), bits(last.net)) << "no epoch was the best";

  Plain other(100), second(100);
  Told late(other, [](int64_t epoch) { return epoch == 2 ? 1.0 : kNan; });
  EXPECT_EQ(fit(late, patient(9, 3)).steps, 5 * 2);
  fit(second.training, {.epochs = 2});
  EXPECT_EQ(bits(other.net), bits(second.net));
}

TEST(FitEdges, ARunOfNoStepKeepsWhatItWasGiven) {
  for (const int64_t patience : {0, 2}) {
    const TempFolder folder;
    Plain run(100), again(100), loaded(100);
    const std::string before = bits(run.net);
    FitOptions o = patient(0, patience);
    o.run_dir = folder.path();
    o.resume = true;
    const FitResult r = fit(run.training, o);
    EXPECT_EQ(r.steps, 0);
    EXPECT_EQ(r.metric.samples, 200);
    load_weights(folder.path(), loaded.net);
    EXPECT_EQ(bits(loaded.net), before);
    EXPECT_EQ(fit(again.training, o).metric.value, r.metric.value);
    o.epochs = 1;
    EXPECT_EQ(fit(again.training, o).steps, 2);
  }
}

TEST(FitEdges, AnEpochOfOneBatchIsResumedInTheSameBits) {
  FitOptions o{.epochs = 5, .accumulate = 4};  // more batches than there are
  Plain whole(200), first(200), second(200);
  EXPECT_EQ(fit(whole.training, o).steps, 5);
  const TempFolder folder;
  StopAt stop(3);
  o.run_dir = folder.path();
  o.resume = true;
  o.cancel = &stop.cancel;
  fit(first.training, o, &stop);
  o.cancel = nullptr;
  EXPECT_EQ(fit(second.training, o).steps, 5);
  EXPECT_EQ(bits(second.net), bits(whole.net));
}

TEST(FitEdges, ARunCancelledAtItsLastStepIsFinishedByAResume) {
  for (const int64_t steps : {13, 20}) {  // at an epoch's end, and within one
    FitOptions o{.steps = steps};
    Plain whole(16), first(16), second(16);
    const FitResult wanted = fit(whole.training, o);
    const TempFolder folder;
    StopAt stop(steps);
    o.run_dir = folder.path();
    o.resume = true;
    o.cancel = &stop.cancel;
    EXPECT_TRUE(fit(first.training, o, &stop).cancelled);
    o.cancel = nullptr;
    const FitResult r = fit(second.training, o);
    EXPECT_EQ(r.steps, steps);
    EXPECT_EQ(r.metric.value, wanted.metric.value);
    EXPECT_EQ(bits(second.net), bits(whole.net));
    EXPECT_TRUE(saved_state(folder.path())->finished);
  }
}

TEST(FitEdges, AnEvaluationThatFailsLeavesTheModelInTraining) {
  struct Fails final : Forwarding {
    using Forwarding::Forwarding;
    std::optional<double> validate() override {
      if (at_validation) throw IoError("a.png", "is gone");
      return 1;
    }
    Metric evaluate() override {
      EXPECT_FALSE(model().training());
      throw IoError("b.png", "is gone");
    }
    bool at_validation = false;
  };
  for (const bool at_validation : {false, true}) {
    Plain run(100);
    Fails training(run.training);
    training.at_validation = at_validation;
    EXPECT_THROW(fit(training, patient(2, 1)), IoError);
    for (const auto& [name, module] : run.net.named_modules()) {
      EXPECT_TRUE(module->training()) << name;
    }
  }
}

TEST(FitEdges, NamesTheBatchOfAStepThatHasABadLoss) {
  int batches = 0;
  Plain run(16, 0, 0.02, [&](Batch b, Generator&) {
    if (++batches == 6) b.x.data<float>()[0] = NAN;
    return b;
  });
  const std::string said =
      message<NumericError>([&] { fit(run.training, {.epochs = 1, .accumulate = 4}); });
  EXPECT_NE(said.find("at step 2 (epoch 1, batch 6)"), std::string::npos) << said;
}

TEST(FitEdges, AGroupThatIsAddedMeanwhileFollowsTheSchedule) {
  Plain run(100);
  struct Adds final : FitObserver {
    explicit Adds(Optimizer& o) : optimizer(o) {}
    void stepped(const Progress& p) override {
      if (p.step == 1) optimizer.add_param_group({.params = {zeros({2})}, .lr = 0.06});
    }
    Optimizer& optimizer;
  } observer(run.training.optimizer());
  fit(run.training, {.epochs = 1}, &observer);
  ASSERT_EQ(run.training.optimizer().group_count(), 2);
  EXPECT_NEAR(run.training.optimizer().lr(1), 0.06, 1e-15);
}

TEST(FitEdges, ALongLogIsNoReasonNotToGoOn) {
  const TempFolder folder;
  const std::string path = folder / "log.jsonl", line = "{\"step\":1,\"loss\":0.5}";
  write_file(path, line + std::string(size_t{65} << 20, ' ') + "\n{\"step\":9}\n");
  const RunLog log(path, 5);
  EXPECT_GT(std::filesystem::file_size(path), 65u << 20);
  EXPECT_EQ(read_log(path).at(0).values, std::vector<double>{0.5});
}

}  // namespace
}  // namespace strata::train
