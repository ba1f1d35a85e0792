#include "strata/train/text_training.h"

#include <atomic>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/embedding.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/optim/adam.h"
#include "strata/train/fit.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::train {
namespace {

/// A table of what follows each of ten numbers: all that can be known of the sequence below.
std::unique_ptr<nn::Embedding> pairs() {
  manual_seed(1);
  return std::make_unique<nn::Embedding>(nn::EmbeddingConfig{.count = 10, .width = 10});
}

/// 0 1 2 ... 9 0 1 ...
Tensor counting(int64_t n) {
  std::vector<int64_t> ids(static_cast<size_t>(n));
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i % 10);
  return tensor(ids, {n});
}

TextTraining training_of(nn::Embedding& model) {
  return TextTraining(model, std::make_unique<Adam>(model.parameters(), AdamConfig{.lr = 0.1}),
                      counting(500), counting(101),
                      {.windows = {.length = 7, .batch = 5, .seed = 4}, .schedule = [](int64_t n) {
                         return schedules::cosine({.lr = 0.1, .steps = n});
                       }});
}

TEST(TextTraining, LearnsWhatFollows) {
  const auto model = pairs();
  TextTraining training = training_of(*model);
  const Metric before = training.evaluate();
  EXPECT_GT(before.value, 2);
  EXPECT_EQ(before.samples, 100);
  const FitResult result = fit(training, {.steps = 150});
  EXPECT_EQ(result.metric.name, "nats_per_symbol");
  EXPECT_LT(result.metric.value, 0.05);
}

TEST(TextTraining, AResumedRunEndsInTheSameBits) {
  const auto whole = pairs();
  TextTraining unbroken = training_of(*whole);
  fit(unbroken, {.steps = 40});
  const testing::TempFolder folder;
  const std::string dir = folder / "run";
  const auto first = pairs();
  TextTraining begun = training_of(*first);
  std::atomic<bool> stop = false;
  struct Stop final : FitObserver {
    std::atomic<bool>& stop;
    explicit Stop(std::atomic<bool>& s) : stop(s) {}
    void stepped(const Progress& p) override { stop = p.step == 17; }
  } observer(stop);
  fit(begun, {.steps = 40, .run_dir = dir, .cancel = &stop}, &observer);
  const auto second = pairs();
  TextTraining resumed = training_of(*second);
  fit(resumed, {.steps = 40, .run_dir = dir, .resume = true});
  EXPECT_EQ(second->weight.to_vector<float>(), whole->weight.to_vector<float>());
}

TEST(TextTraining, HoldsOutTheEndOfTheTextForValidation) {
  const auto model = pairs();
  // The last fifth of the text is another: nothing that is learned tells what follows there.
  Tensor ids = counting(500);
  for (int64_t i = 400; i < 500; ++i) ids.data<int64_t>()[i] = (500 - i) % 10;
  TextTraining training(*model, std::make_unique<Adam>(model->parameters(), AdamConfig{.lr = 0.1}),
                        ids, counting(101),
                        {.windows = {.length = 7, .batch = 5, .seed = 4},
                         .holdout = 0.2,
                         .schedule = [](int64_t) { return schedules::constant(0.1); }});
  EXPECT_TRUE(training.holds_out());
  EXPECT_EQ(training.batches_per_epoch(), 400 / 7 / 5);
  const FitResult result = fit(training, {.steps = 150});
  EXPECT_LT(result.loss, 0.05) << "has seen what is held out";
  EXPECT_LT(result.metric.value, 0.05);
  EXPECT_GT(training.validate().value(), 2);
}

TEST(TextTraining, ChecksTheShareHeldOut) {
  const auto model = pairs();
  const auto make = [&](double holdout) {
    TextTraining(*model, std::make_unique<Adam>(model->parameters()), counting(50), counting(11),
                 {.windows = {.length = 7, .batch = 5},
                  .holdout = holdout,
                  .schedule = [](int64_t) { return schedules::constant(0.1); }});
  };
  EXPECT_NO_THROW(make(0.04));
  for (const double bad : {-0.1, 1.0, 0.03, std::nan("")}) EXPECT_THROW(make(bad), ValueError);
  EXPECT_THROW(make(0.9), ValueError) << "five numbers are too few for windows of seven";
}

TEST(TextTraining, SaysWhatIsMissing) {
  const auto model = pairs();
  const auto said = [&](std::unique_ptr<Optimizer> optimizer, const Tensor& test, bool scheduled) {
    TextTrainingConfig config{.windows = {.length = 7, .batch = 5}, .schedule = {}};
    if (scheduled) config.schedule = [](int64_t) { return schedules::constant(0.1); };
    return testing::message<ValueError>(
        [&] { TextTraining(*model, std::move(optimizer), counting(50), test, config); });
  };
  const auto adam = [&] { return std::make_unique<Adam>(model->parameters()); };
  EXPECT_NE(said({}, counting(11), true).find("lacks an optimiser"), std::string::npos);
  EXPECT_NE(said(adam(), {}, true).find("lacks a text to test on"), std::string::npos);
  EXPECT_NE(said(adam(), counting(11), false).find("lacks a schedule"), std::string::npos);
}

TEST(TextTraining, ATestTextOfOneNumberNeedsAMetricOfItsOwn) {
  const auto model = pairs();
  TextTrainingConfig config{.windows = {.length = 7, .batch = 5},
                            .schedule = [](int64_t) { return schedules::constant(0.1); }};
  const auto make = [&](int64_t n) {
    TextTraining(*model, std::make_unique<Adam>(model->parameters()), counting(50), counting(n),
                 config);
  };
  for (const int64_t n : {0, 1}) {
    const std::string said = testing::message<ValueError>([&] { make(n); });
    EXPECT_NE(said.find("to test on is too short"), std::string::npos) << said;
  }
  EXPECT_NO_THROW(make(2));
  config.evaluate = [](const Tensor&, const auto&) { return Metric{"own", 1, 1}; };
  EXPECT_NO_THROW(make(1));
}

TEST(TextTraining, MayBeMoved) {
  const auto model = pairs(), other = pairs();
  fill_(other->weight.set_requires_grad(false), 0);
  std::optional<TextTraining> place;
  const auto make_in_place = [&](nn::Embedding& of) {
    place.emplace(of, std::make_unique<Adam>(of.parameters()), counting(50), counting(11),
                  TextTrainingConfig{.windows = {.length = 7, .batch = 5},
                                     .schedule = [](int64_t) { return schedules::constant(0.1); }});
  };
  make_in_place(*model);
  const double before = place->evaluate().value;
  TextTraining moved = std::move(*place);
  make_in_place(*other);
  EXPECT_EQ(moved.evaluate().value, before);
}

TEST(NatsPerSymbol, CountsEveryNumberButTheFirst) {
  // Certain of zeros, so that each other number costs 20 nats.
  const auto zeros_follow = [](const Tensor& ids) {
    return one_hot(zeros(ids.shape(), DType::i64), 3, DType::f32) * 20;
  };
  Tensor ids = zeros({24}, DType::i64);
  EXPECT_NEAR(nats_per_symbol(zeros_follow, ids, 5, 2), 0, 1e-6);
  for (const int64_t place : {0, 1, 5, 6, 23}) {
    ids.data<int64_t>()[place] = 1;
    const double expected = place == 0 ? 0 : 20.0 / 23;
    EXPECT_NEAR(nats_per_symbol(zeros_follow, ids, 5, 2), expected, 1e-5) << place;
    ids.data<int64_t>()[place] = 0;
  }
  EXPECT_THROW(nats_per_symbol(zeros_follow, zeros({1}, DType::i64), 5), ValueError);
}

}  // namespace
}  // namespace strata::train
